#include "ops/op.h"
#include "ops/operands.h"
#include "support/error.h"

namespace qatc {

Shape infer_shape(const Dequantize&, const std::vector<TensorType>& inputs) {
  QATC_CHECK(inputs.size() == 1, "dequantize has one operand");
  return inputs[0].shape;
}

// The operand may also be i32: exporters give biases that way.
void verify(const Dequantize&, const std::vector<TensorType>& inputs, const TensorType& output) {
  QATC_CHECK(inputs.size() == 1, "dequantize has one operand");
  QATC_CHECK(!inputs[0].is_real() && inputs[0].quant,
             "dequantize reads an integer tensor with a scale and a zero point");
  QATC_CHECK(output.is_real(), "dequantize makes a real tensor");
}

Tensor reference(const Dequantize&, const std::vector<const Tensor*>& inputs,
                 const std::vector<TensorType>& input_types, const TensorType& output, Rounding) {
  const Tensor& q = *inputs[0];
  const QuantParams& quant = *input_types[0].quant;
  Tensor result = Tensor::zeros(output.dtype, q.shape);
  for_each_quantized(q.shape, quant, [&](size_t i, int64_t channel) {
    const int64_t difference = int64_t{q.integers[i]} - quant.zero_point_at(channel);
    result.real[i] = static_cast<double>(difference) * static_cast<double>(quant.scale_at(channel));
  });
  return result;
}

}  // namespace qatc
