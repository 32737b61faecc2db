#include "ops/op_testing.h"

namespace qatc::testing {
namespace {

TEST(Tanh, RealValues) {
  const Tensor y = run(Tanh{}, {real_tensor({3}, {0, 1, -40})}, {real_type({3})}, real_type({3}));
  EXPECT_EQ(y.real, (std::vector<double>{0, std::tanh(1.0), -1}));
}

TEST(Tanh, EightBitEqualsTheDequantizedFunction) {
  expect_unary(Tanh{}, [](double x) { return std::tanh(x); });
}

TEST(Tanh, MixedTypesAreRefused) {
  EXPECT_THROW(verify(Tanh{}, {real_type({1})}, quantized_type(DType::kU8, {1}, 1, 0)), InternalError);
  EXPECT_THROW(verify(Tanh{}, {real_type({1}), real_type({1})}, real_type({1})), InternalError);
}

}  // namespace
}  // namespace qatc::testing
