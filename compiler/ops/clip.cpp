#include <algorithm>
#include <cmath>

#include "ops/elementwise.h"
#include "ops/op.h"
#include "ops/operands.h"
#include "support/error.h"

namespace qatc {

Shape infer_shape(const Clip&, const std::vector<TensorType>& inputs) {
  QATC_CHECK(inputs.size() == 1, "clip has one operand");
  return inputs[0].shape;
}

void verify(const Clip& op, const std::vector<TensorType>& inputs, const TensorType& output) {
  QATC_CHECK(inputs.size() == 1, "clip has one operand");
  verify_real_or_8bit(inputs, output);
  QATC_CHECK(!std::isnan(op.min) && !std::isnan(op.max), "a bound of clip is not a number");
}

// As ONNX: with min > max the result is max. NaN stays NaN: std::max(x, low) and std::min(y, high) return their first
// argument when nothing compares.
Tensor reference(const Clip& op, const std::vector<const Tensor*>& inputs, const std::vector<TensorType>& input_types,
                 const TensorType& output, Rounding) {
  const double low = op.min;
  const double high = op.max;
  return map_elements(*inputs[0], input_types[0], output,
                      [low, high](double x) { return std::min(std::max(x, low), high); });
}

}  // namespace qatc
