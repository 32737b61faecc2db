#include <algorithm>

#include "ops/op.h"
#include "ops/operands.h"
#include "support/error.h"

namespace qatc {

namespace {

/// Writes all pixels of `from` (of `channels` channels) into those of `to` (of `total`), from channel `offset` on.
template <class T>
void copy_channels(const std::vector<T>& from, std::vector<T>& to, int64_t channels, int64_t total, int64_t offset) {
  const auto pixels = static_cast<int64_t>(from.size()) / channels;
  for (int64_t p = 0; p < pixels; ++p) {
    std::copy_n(from.begin() + p * channels, channels, to.begin() + p * total + offset);
  }
}

}  // namespace

Shape infer_shape(const Concat&, const std::vector<TensorType>& inputs) {
  QATC_CHECK(!inputs.empty(), "concat needs an operand");
  Shape shape = inputs[0].shape;
  int64_t channels = 0;
  for (const TensorType& input : inputs) {
    channels += image_channels(input);
    if (!std::equal(shape.begin(), shape.begin() + 3, input.shape.begin())) {
      throw UserError("operands may differ in their channels only, got shapes " + shape_text(inputs[0].shape) +
                      " and " + shape_text(input.shape));
    }
  }
  shape[3] = channels;
  return shape;
}

void verify(const Concat&, const std::vector<TensorType>& inputs, const TensorType& output) {
  QATC_CHECK(!inputs.empty(), "concat needs an operand");
  verify_real_or_8bit(inputs, output);
  for (const TensorType& input : inputs) verify_same_representation(input, output);
}

Tensor reference(const Concat&, const std::vector<const Tensor*>& inputs, const std::vector<TensorType>&,
                 const TensorType& output, Rounding) {
  std::vector<int64_t> shape = inputs[0]->shape;
  shape[3] = 0;
  for (const Tensor* input : inputs) shape[3] += input->shape[3];
  Tensor result = Tensor::zeros(output.dtype, shape);
  int64_t offset = 0;
  for (const Tensor* input : inputs) {
    copy_channels(input->real, result.real, input->shape[3], shape[3], offset);
    copy_channels(input->integers, result.integers, input->shape[3], shape[3], offset);
    offset += input->shape[3];
  }
  return result;
}

}  // namespace qatc
