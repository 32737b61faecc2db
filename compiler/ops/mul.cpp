#include "ops/op.h"
#include "ops/operands.h"
#include "ops/requantize.h"
#include "support/error.h"

namespace qatc {

Shape infer_shape(const Mul&, const std::vector<TensorType>& inputs) {
  QATC_CHECK(inputs.size() == 2, "mul has two operands");
  return elementwise_shape(inputs);
}

void verify(const Mul&, const std::vector<TensorType>& inputs, const TensorType& output) {
  QATC_CHECK(inputs.size() == 2, "mul has two operands");
  verify_real_or_8bit(inputs, output);
}

Tensor reference(const Mul&, const std::vector<const Tensor*>& inputs, const std::vector<TensorType>& input_types,
                 const TensorType& output, Rounding rounding) {
  const Tensor& x = *inputs[0];
  const Tensor& y = *inputs[1];
  Tensor result = Tensor::zeros(output.dtype, x.shape);
  if (output.is_real()) {
    for (size_t i = 0; i < x.real.size(); ++i) result.real[i] = x.real[i] * y.real[i];
    return result;
  }
  const QuantParams& qx = *input_types[0].quant;
  const QuantParams& qy = *input_types[1].quant;
  const QuantParams& qr = *output.quant;
  for (size_t i = 0; i < x.integers.size(); ++i) {
    const double steps = quantized_mul(x.integers[i] - qx.zero_point_at(0), qx.scale_at(0),
                                       y.integers[i] - qy.zero_point_at(0), qy.scale_at(0), qr.scale_at(0), rounding);
    result.integers[i] = round_to_quantized(steps, qr.zero_point_at(0), output.dtype);
  }
  return result;
}

}  // namespace qatc
