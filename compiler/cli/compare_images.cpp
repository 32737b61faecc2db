#include "cli/compare_images.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

#include "support/error.h"

namespace qatc {

namespace {

ValueDifference difference_at(const Tensor& got, const Tensor& expected, size_t i) {
  const auto flat = static_cast<int64_t>(i);
  const int64_t channels = got.shape[3];
  const int64_t width = got.shape[2];
  return {flat / channels / width, flat / channels % width, flat % channels, got.real[i], expected.real[i]};
}

double psnr_db(double sum_of_squares, size_t count) {
  if (sum_of_squares == 0) return kMostPsnrDb;
  return std::min(kMostPsnrDb, -10 * std::log10(sum_of_squares / static_cast<double>(count)));
}

/// Element [i][j] of a rows x columns matrix becomes [j][i].
Tensor transposed(const Tensor& tensor, std::vector<int64_t> shape, int64_t rows, int64_t columns) {
  Tensor result = tensor;
  result.shape = std::move(shape);
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) {
      result.real[static_cast<size_t>(j * rows + i)] = tensor.real[static_cast<size_t>(i * columns + j)];
    }
  }
  return result;
}

}  // namespace

ImageComparison compare_images(const Tensor& got, const Tensor& expected, double tolerance) {
  QATC_CHECK(got.shape == expected.shape && got.shape.size() == 4, "images of the same shape");
  ImageComparison comparison;
  double sum_of_squares = 0;
  size_t equal = 0;
  for (size_t i = 0; i < got.real.size(); ++i) {
    double difference = std::abs(got.real[i] - expected.real[i]);
    if (std::isnan(difference)) difference = std::numeric_limits<double>::infinity();
    sum_of_squares += difference * difference;
    comparison.max_abs = std::max(comparison.max_abs, difference);
    if (difference <= tolerance) {
      ++equal;
    } else if (!comparison.first_difference) {
      comparison.first_difference = difference_at(got, expected, i);
    }
  }
  comparison.psnr_db = psnr_db(sum_of_squares, got.real.size());
  comparison.equal_share = static_cast<double>(equal) / static_cast<double>(got.real.size());
  return comparison;
}

std::optional<ValueDifference> first_bit_difference(const Tensor& got, const Tensor& expected) {
  QATC_CHECK(got.shape == expected.shape && got.shape.size() == 4, "images of the same shape");
  for (size_t i = 0; i < got.real.size(); ++i) {
    const auto a = std::bit_cast<uint32_t>(static_cast<float>(got.real[i]));
    const auto b = std::bit_cast<uint32_t>(static_cast<float>(expected.real[i]));
    if (a != b) return difference_at(got, expected, i);
  }
  return std::nullopt;
}

Tensor to_nhwc(const Tensor& nchw) {
  const std::vector<int64_t>& s = nchw.shape;
  return transposed(nchw, {1, s[2], s[3], s[1]}, s[1], s[2] * s[3]);
}

Tensor to_nchw(const Tensor& nhwc) {
  const std::vector<int64_t>& s = nhwc.shape;
  return transposed(nhwc, {1, s[3], s[1], s[2]}, s[1] * s[2], s[3]);
}

std::string shape_text(const std::vector<int64_t>& shape) {
  std::string text;
  for (int64_t extent : shape) text += (text.empty() ? "" : " x ") + std::to_string(extent);
  return text;
}

}  // namespace qatc
