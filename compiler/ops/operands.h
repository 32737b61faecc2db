#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ir/tensor.h"
#include "ir/type.h"

namespace qatc {

// What the rules and definitions of several ops have in common.

/// "[1, H, W, 32]" for messages.
std::string shape_text(const Shape& shape);

/// The constant number of channels of an NHWC image; throws UserError when `type` is none.
int64_t image_channels(const TensorType& type);

/// The one shape of all inputs of an elementwise op; throws UserError when they differ.
Shape elementwise_shape(const std::vector<TensorType>& inputs);

/// floor((in + pad_before + pad_after - dilation * (kernel - 1) - 1) / stride) + 1; throws UserError when the window is
/// larger than a constant padded extent.
Extent window_extent(const Extent& in, int64_t kernel, int64_t dilation, int64_t stride, int64_t pad_before,
                     int64_t pad_after);

/// Requires an 8-bit type with one scale and one zero point.
void verify_per_tensor_8bit(const TensorType& type);

/// Requires that inputs and output are all real, or all 8-bit with one scale and one zero point each.
void verify_real_or_8bit(const std::vector<TensorType>& inputs, const TensorType& output);

/// Requires what moving values unchanged needs: `to` represents every element as `from` does.
void verify_same_representation(const TensorType& from, const TensorType& to);

/// Calls f(flat index, index along `axis`) for every element in row-major order.
template <class F>
void for_each_along_axis(const std::vector<int64_t>& shape, int axis, F&& f) {
  int64_t outer = 1;
  int64_t inner = 1;
  for (int d = 0; d < axis; ++d) outer *= shape[static_cast<size_t>(d)];
  for (size_t d = static_cast<size_t>(axis) + 1; d < shape.size(); ++d) inner *= shape[d];
  const int64_t channels = shape[static_cast<size_t>(axis)];
  for (int64_t flat = 0; flat < outer * channels * inner; ++flat) {
    f(static_cast<size_t>(flat), flat / inner % channels);
  }
}

/// Calls f(flat index, channel) with the channel that indexes `quant`'s vectors; always 0 when it is per tensor.
template <class F>
void for_each_quantized(const std::vector<int64_t>& shape, const QuantParams& quant, F&& f) {
  if (quant.axis) {
    for_each_along_axis(shape, *quant.axis, f);
  } else {
    int64_t count = 1;
    for (int64_t extent : shape) count *= extent;
    for (int64_t flat = 0; flat < count; ++flat) f(static_cast<size_t>(flat), int64_t{0});
  }
}

}  // namespace qatc
