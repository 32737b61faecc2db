#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ir/tensor.h"

namespace qatc {

/// A value in which two images differ. channel, row, column: as in NHWC.
struct ValueDifference {
  int64_t y = 0, x = 0, c = 0;
  double got = 0, expected = 0;
};

struct ImageComparison {
  double psnr_db = 0;  // peak 1; kMostPsnrDb where nothing differs
  double max_abs = 0;
  double equal_share = 0;                           // of values within `tolerance`
  std::optional<ValueDifference> first_difference;  // in the order y, x, c: beyond the tolerance
};

/// Equal images have no finite PSNR; float32 rounding alone gives about 160 dB.
inline constexpr double kMostPsnrDb = 200;

/// Compares real tensors of the same shape (1, height, width, channels). A NaN is far from everything.
ImageComparison compare_images(const Tensor& got, const Tensor& expected, double tolerance);

/// The first value whose float32 bits differ.
std::optional<ValueDifference> first_bit_difference(const Tensor& got, const Tensor& expected);

/// (1, C, H, W) -> (1, H, W, C).
Tensor to_nhwc(const Tensor& nchw);
/// The other way round.
Tensor to_nchw(const Tensor& nhwc);

/// E.g. "1 x 3 x 96 x 128".
std::string shape_text(const std::vector<int64_t>& shape);

}  // namespace qatc
