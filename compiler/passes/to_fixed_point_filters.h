#pragma once

#include "ir/graph.h"

namespace qatc {

/// Rewrites a float filter of a conv2d to dequantize(i32 filter): per output channel w = 2^e * v with the smallest e
/// for which every |v| fits into four balanced base-256 digits (each in [-128, 127]), so that a kernel can sum each
/// digit's plane exactly in int32 with the instructions for int8 filters.
///
/// The only pass that is not exact: v is rounded half to even. A weight moves by at most 2^(e-1), less than 2^-30 of
/// the channel's largest weight. Convolving in float32 instead rounds every product and partial sum by up to 2^-24 of
/// its size, so the bound on the result's error is smaller here; and the result is exact where the weights of a channel
/// span fewer than 7 bits of exponent (a float has 24 bits, v has 31).
void to_fixed_point_filters(Graph& graph);

/// Largest |v| of the filters above: below 127 * (2^24 + 2^16 + 2^8 + 1), what four balanced digits can hold.
inline constexpr int32_t kLargestFixedPoint = INT32_MAX - (1 << 24) + 1;

}  // namespace qatc
