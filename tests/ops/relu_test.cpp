#include "ops/op_testing.h"

namespace qatc::testing {
namespace {

TEST(Relu, RealValuesKeepNan) {
  const Tensor y = run(Relu{}, {real_tensor({4}, {-1, 0, 2.5, NAN})}, {real_type({4})}, real_type({4}));
  EXPECT_EQ((std::vector<double>{y.real[0], y.real[1], y.real[2]}), (std::vector<double>{0, 0, 2.5}));
  EXPECT_TRUE(std::isnan(y.real[3]));
}

TEST(Relu, EightBitEqualsTheDequantizedFunction) {
  expect_unary(Relu{}, [](double x) { return x > 0 ? x : 0; });
}

}  // namespace
}  // namespace qatc::testing
