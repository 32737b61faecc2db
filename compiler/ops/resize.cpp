#include <algorithm>

#include "ops/op.h"
#include "ops/operands.h"
#include "support/error.h"

namespace qatc {

namespace {

/// For each output index of dimension `d` (0: height, 1: width) the input index it shows.
std::vector<int64_t> source_indices(const Resize& op, size_t d, int64_t in, int64_t out) {
  const int64_t numerator = op.numerator[d] > 0 ? op.numerator[d] : out;
  const int64_t denominator = op.numerator[d] > 0 ? op.denominator[d] : in;
  std::vector<int64_t> source(static_cast<size_t>(out));
  for (int64_t i = 0; i < out; ++i) source[static_cast<size_t>(i)] = std::min(i * denominator / numerator, in - 1);
  return source;
}

template <class T>
void gather(const std::vector<T>& in, int64_t in_width, int64_t channels, const std::vector<int64_t>& rows,
            const std::vector<int64_t>& columns, std::vector<T>& out) {
  auto to = out.begin();
  for (int64_t y : rows) {
    for (int64_t x : columns) to = std::copy_n(in.begin() + (y * in_width + x) * channels, channels, to);
  }
}

}  // namespace

Shape infer_shape(const Resize& op, const std::vector<TensorType>& inputs) {
  QATC_CHECK(inputs.size() == 1, "resize has one operand");
  image_channels(inputs[0]);
  Shape shape = inputs[0].shape;
  for (size_t d = 0; d < 2; ++d) {
    if (op.size[d].is_constant() && op.size[d].constant() < 1) throw UserError("the resized image would be empty");
    if (op.numerator[d] < 0 || op.denominator[d] < 1) throw UserError("scales must be positive");
    shape[d + 1] = op.size[d];
  }
  return shape;
}

void verify(const Resize&, const std::vector<TensorType>& inputs, const TensorType& output) {
  QATC_CHECK(inputs.size() == 1, "resize has one operand");
  verify_real_or_8bit(inputs, output);
  verify_same_representation(inputs[0], output);
}

// The size comes from `output`: the attribute may be symbolic in the image's size, which only the caller knows.
Tensor reference(const Resize& op, const std::vector<const Tensor*>& inputs, const std::vector<TensorType>&,
                 const TensorType& output, Rounding) {
  const Tensor& x = *inputs[0];
  const int64_t height = output.shape[1].constant();
  const int64_t width = output.shape[2].constant();
  const int64_t channels = x.shape[3];
  const std::vector<int64_t> rows = source_indices(op, 0, x.shape[1], height);
  const std::vector<int64_t> columns = source_indices(op, 1, x.shape[2], width);
  Tensor result = Tensor::zeros(output.dtype, {1, height, width, channels});
  if (output.is_real()) {
    gather(x.real, x.shape[2], channels, rows, columns, result.real);
  } else {
    gather(x.integers, x.shape[2], channels, rows, columns, result.integers);
  }
  return result;
}

}  // namespace qatc
