#include "ops/elementwise.h"
#include "ops/op.h"
#include "ops/operands.h"
#include "support/error.h"

namespace qatc {

Shape infer_shape(const LeakyRelu&, const std::vector<TensorType>& inputs) {
  QATC_CHECK(inputs.size() == 1, "leaky_relu has one operand");
  return inputs[0].shape;
}

void verify(const LeakyRelu&, const std::vector<TensorType>& inputs, const TensorType& output) {
  QATC_CHECK(inputs.size() == 1, "leaky_relu has one operand");
  verify_real_or_8bit(inputs, output);
}

// NaN stays NaN.
Tensor reference(const LeakyRelu& op, const std::vector<const Tensor*>& inputs,
                 const std::vector<TensorType>& input_types, const TensorType& output, Rounding) {
  const double alpha = op.alpha;
  return map_elements(*inputs[0], input_types[0], output, [alpha](double x) { return x < 0 ? alpha * x : x; });
}

}  // namespace qatc
