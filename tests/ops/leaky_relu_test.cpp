#include "ops/op_testing.h"

namespace qatc::testing {
namespace {

TEST(LeakyRelu, AlphaIsTheFloat) {
  const Tensor y = run(LeakyRelu{0.2F}, {real_tensor({3}, {-1, 0, 2.5})}, {real_type({3})}, real_type({3}));
  EXPECT_EQ(y.real, (std::vector<double>{-static_cast<double>(0.2F), 0, 2.5}));
}

TEST(LeakyRelu, EightBitEqualsTheDequantizedFunction) {
  for (float alpha : {0.01F, 0.2F, 1.5F, -0.5F}) {
    SCOPED_TRACE(alpha);
    expect_unary(LeakyRelu{alpha}, [alpha](double x) { return x > 0 ? x : static_cast<double>(alpha) * x; });
  }
}

}  // namespace
}  // namespace qatc::testing
