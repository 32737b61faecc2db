#include "cli/compare_images.h"

#include <gtest/gtest.h>

#include <cmath>

namespace qatc {
namespace {

Tensor image(std::vector<int64_t> shape, std::vector<double> values) {
  Tensor tensor;
  tensor.shape = std::move(shape);
  tensor.real = std::move(values);
  return tensor;
}

TEST(CompareImages, EqualImages) {
  const Tensor a = image({1, 1, 2, 1}, {0.25, -3});
  const ImageComparison comparison = compare_images(a, a, 0);
  EXPECT_EQ(comparison.psnr_db, kMostPsnrDb);
  EXPECT_EQ(comparison.max_abs, 0);
  EXPECT_EQ(comparison.equal_share, 1);
  EXPECT_FALSE(comparison.first_difference);
}

TEST(CompareImages, Numbers) {
  const Tensor a = image({1, 2, 2, 1}, {0, 0, 0, 0});
  const Tensor b = image({1, 2, 2, 1}, {0, 0.01, -0.1, 0});
  const ImageComparison comparison = compare_images(a, b, 0.01);
  EXPECT_NEAR(comparison.psnr_db, -10 * std::log10((0.0001 + 0.01) / 4), 1e-9);
  EXPECT_EQ(comparison.max_abs, 0.1);
  EXPECT_EQ(comparison.equal_share, 0.75);
  ASSERT_TRUE(comparison.first_difference);
  EXPECT_EQ(comparison.first_difference->y, 1);
  EXPECT_EQ(comparison.first_difference->x, 0);
  EXPECT_EQ(comparison.first_difference->expected, -0.1);
}

TEST(CompareImages, ANanIsFarFromEverything) {
  const Tensor a = image({1, 1, 1, 1}, {std::nan("")});
  const ImageComparison comparison = compare_images(a, a, 1e9);
  EXPECT_TRUE(std::isinf(comparison.max_abs));
  EXPECT_LT(comparison.psnr_db, 0);
  EXPECT_EQ(comparison.equal_share, 0);
}

TEST(CompareImages, BitsTellZerosApart) {
  const Tensor a = image({1, 1, 1, 2}, {1, 0.0});
  const Tensor b = image({1, 1, 1, 2}, {1, -0.0});
  EXPECT_FALSE(first_bit_difference(a, a));
  ASSERT_TRUE(first_bit_difference(a, b));
  EXPECT_EQ(first_bit_difference(a, b)->c, 1);
}

TEST(CompareImages, LayoutsAreInverse) {
  const Tensor nchw = image({1, 2, 1, 3}, {1, 2, 3, 10, 20, 30});
  const Tensor nhwc = to_nhwc(nchw);
  EXPECT_EQ(nhwc.shape, (std::vector<int64_t>{1, 1, 3, 2}));
  EXPECT_EQ(nhwc.real, (std::vector<double>{1, 10, 2, 20, 3, 30}));
  EXPECT_EQ(to_nchw(nhwc), nchw);
}

}  // namespace
}  // namespace qatc
