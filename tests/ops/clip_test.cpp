#include "ops/op_testing.h"

namespace qatc::testing {
namespace {

TEST(Clip, RealValuesKeepNan) {
  const Tensor y = run(Clip{0, 1}, {real_tensor({5}, {-1, 0.25, 7, INFINITY, NAN})}, {real_type({5})}, real_type({5}));
  EXPECT_EQ((std::vector<double>(y.real.begin(), y.real.begin() + 4)), (std::vector<double>{0, 0.25, 1, 1}));
  EXPECT_TRUE(std::isnan(y.real[4]));
}

TEST(Clip, CrossedBoundsGiveTheMaximum) {
  const Tensor y = run(Clip{2, 1}, {real_tensor({3}, {0, 1.5, 3})}, {real_type({3})}, real_type({3}));
  EXPECT_EQ(y.real, (std::vector<double>{1, 1, 1}));
}

TEST(Clip, EightBitEqualsTheDequantizedFunction) {
  expect_unary(Clip{}, [](double x) { return x; });
  expect_unary(Clip{0, 6}, [](double x) { return x < 0 ? 0 : x > 6 ? 6 : x; });
  expect_unary(Clip{-0.5F, 0.25F}, [](double x) { return x < -0.5 ? -0.5 : x > 0.25 ? 0.25 : x; });
}

TEST(Clip, BoundsAreNumbers) { EXPECT_THROW(verify(Clip{NAN, 1}, {real_type({1})}, real_type({1})), InternalError); }

}  // namespace
}  // namespace qatc::testing
