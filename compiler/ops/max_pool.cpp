#include <algorithm>
#include <limits>

#include "ops/op.h"
#include "ops/operands.h"
#include "support/error.h"

namespace qatc {

namespace {

/// NaN never wins; a window holds at least one pixel because pads are smaller than the kernel.
template <class T>
void max_pool(const MaxPool& op, const std::vector<T>& in, const std::vector<int64_t>& in_shape, T lowest,
              std::vector<T>& out, const std::vector<int64_t>& out_shape) {
  const int64_t channels = in_shape[3];
  std::fill(out.begin(), out.end(), lowest);
  for (int64_t y = 0; y < out_shape[1]; ++y) {
    const int64_t top = y * op.stride[0] - op.pad[0];
    for (int64_t x = 0; x < out_shape[2]; ++x) {
      const int64_t left = x * op.stride[1] - op.pad[1];
      T* best = out.data() + (y * out_shape[2] + x) * channels;
      for (int64_t iy = std::max<int64_t>(top, 0); iy < std::min(top + op.kernel[0], in_shape[1]); ++iy) {
        for (int64_t ix = std::max<int64_t>(left, 0); ix < std::min(left + op.kernel[1], in_shape[2]); ++ix) {
          const T* pixel = in.data() + (iy * in_shape[2] + ix) * channels;
          for (int64_t c = 0; c < channels; ++c) best[c] = best[c] < pixel[c] ? pixel[c] : best[c];
        }
      }
    }
  }
}

}  // namespace

Shape infer_shape(const MaxPool& op, const std::vector<TensorType>& inputs) {
  QATC_CHECK(inputs.size() == 1, "max_pool has one operand");
  image_channels(inputs[0]);
  for (size_t d = 0; d < 2; ++d) {
    if (op.kernel[d] < 1) throw UserError("kernel_shape must be positive");
    if (op.stride[d] < 1) throw UserError("strides must be positive");
    for (int64_t pad : {op.pad[d], op.pad[d + 2]}) {
      if (pad < 0 || pad >= op.kernel[d]) throw UserError("pads must be at least 0 and smaller than the kernel");
    }
  }
  Shape shape = inputs[0].shape;
  shape[1] = window_extent(shape[1], op.kernel[0], 1, op.stride[0], op.pad[0], op.pad[2]);
  shape[2] = window_extent(shape[2], op.kernel[1], 1, op.stride[1], op.pad[1], op.pad[3]);
  return shape;
}

void verify(const MaxPool&, const std::vector<TensorType>& inputs, const TensorType& output) {
  QATC_CHECK(inputs.size() == 1, "max_pool has one operand");
  verify_real_or_8bit(inputs, output);
  verify_same_representation(inputs[0], output);
}

Tensor reference(const MaxPool& op, const std::vector<const Tensor*>& inputs, const std::vector<TensorType>&,
                 const TensorType& output, Rounding) {
  const Tensor& x = *inputs[0];
  const Extent height = window_extent(x.shape[1], op.kernel[0], 1, op.stride[0], op.pad[0], op.pad[2]);
  const Extent width = window_extent(x.shape[2], op.kernel[1], 1, op.stride[1], op.pad[1], op.pad[3]);
  Tensor result = Tensor::zeros(output.dtype, {1, height.constant(), width.constant(), x.shape[3]});
  if (output.is_real()) {
    max_pool(op, x.real, x.shape, -std::numeric_limits<double>::infinity(), result.real, result.shape);
  } else {
    max_pool(op, x.integers, x.shape, integer_range(output.dtype).min, result.integers, result.shape);
  }
  return result;
}

}  // namespace qatc
