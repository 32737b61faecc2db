#include "ops/op.h"
#include "ops/operands.h"
#include "ops/requantize.h"
#include "support/error.h"

namespace qatc {

Shape infer_shape(const Quantize&, const std::vector<TensorType>& inputs) {
  QATC_CHECK(inputs.size() == 1, "quantize has one operand");
  return inputs[0].shape;
}

void verify(const Quantize&, const std::vector<TensorType>& inputs, const TensorType& output) {
  QATC_CHECK(inputs.size() == 1, "quantize has one operand");
  QATC_CHECK(inputs[0].is_real(), "quantize reads a real tensor");
  QATC_CHECK(is_8bit(output.dtype) && output.quant, "quantize makes an 8-bit tensor with a scale and a zero point");
}

// `rounding` tells where the real values live: kFloat for float32 values that are divided in float32 (the camera's
// image, constants), kExact for values of the graph's real arithmetic. evaluate() chooses.
Tensor reference(const Quantize&, const std::vector<const Tensor*>& inputs, const std::vector<TensorType>&,
                 const TensorType& output, Rounding rounding) {
  const Tensor& x = *inputs[0];
  const QuantParams& quant = *output.quant;
  Tensor result = Tensor::zeros(output.dtype, x.shape);
  for_each_quantized(x.shape, quant, [&](size_t i, int64_t channel) {
    const double steps = quantize_input(x.real[i], quant.scale_at(channel), rounding);
    result.integers[i] = round_to_quantized(steps, quant.zero_point_at(channel), output.dtype);
  });
  return result;
}

}  // namespace qatc
