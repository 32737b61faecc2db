#include "ops/op.h"
#include "ops/operands.h"
#include "support/error.h"

namespace qatc {

Shape infer_shape(const Lookup&, const std::vector<TensorType>& inputs) {
  QATC_CHECK(inputs.size() == 2, "lookup has two operands");
  return inputs[0].shape;
}

void verify(const Lookup&, const std::vector<TensorType>& inputs, const TensorType& output) {
  QATC_CHECK(inputs.size() == 2, "lookup has two operands");
  verify_per_tensor_8bit(inputs[0]);
  verify_per_tensor_8bit(output);
  QATC_CHECK(inputs[1].dtype == output.dtype, "the table has the type of the result");
  QATC_CHECK(inputs[1].shape == Shape{256}, "the table has an element for each 8-bit value");
}

Tensor reference(const Lookup&, const std::vector<const Tensor*>& inputs, const std::vector<TensorType>& input_types,
                 const TensorType& output, Rounding) {
  const Tensor& q = *inputs[0];
  const Tensor& table = *inputs[1];
  const int32_t first = integer_range(input_types[0].dtype).min;
  Tensor result = Tensor::zeros(output.dtype, q.shape);
  for (size_t i = 0; i < q.integers.size(); ++i) {
    result.integers[i] = table.integers[static_cast<size_t>(q.integers[i] - first)];
  }
  return result;
}

}  // namespace qatc
