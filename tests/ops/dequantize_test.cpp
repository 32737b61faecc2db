#include "ops/op_testing.h"

namespace qatc::testing {
namespace {

TEST(Dequantize, IsExactInDouble) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Random random(seed);
    SCOPED_TRACE(random.trace());
    const TensorType in = random.type_8bit({1, 16, 16, 1});
    const Tensor q = all_values(in.dtype);
    const Tensor x = run(Dequantize{}, {q}, {in}, real_type({}));
    for (size_t i = 0; i < 256; ++i) {
      EXPECT_EQ(x.real[i], static_cast<double>(in.quant->scale[0]) * (q.integers[i] - in.quant->zero_point[0]));
    }
  }
}

TEST(Dequantize, PerChannelBias) {
  TensorType in{DType::kI32, {3}, QuantParams{{0.5F, 0.25F, 1}, {0, 0, 1}, 0}};
  const Tensor q = integer_tensor(DType::kI32, {3}, {INT32_MAX, -3, INT32_MIN});
  const Tensor x = run(Dequantize{}, {q}, {in}, real_type({}));
  EXPECT_EQ(x.real, (std::vector<double>{1073741823.5, -0.75, -2147483649.0}));
}

TEST(Dequantize, IsUndoneByQuantize) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Random random(seed);
    SCOPED_TRACE(random.trace());
    const TensorType in = random.type_8bit({1, 16, 16, 1});
    const Tensor q = all_values(in.dtype);
    EXPECT_EQ(run(Quantize{}, {run(Dequantize{}, {q}, {in}, real_type({}))}, {real_type({1, 16, 16, 1})}, in), q);
  }
}

TEST(Dequantize, RulesOnTypes) {
  EXPECT_THROW(verify(Dequantize{}, {real_type({1})}, real_type({1})), InternalError);
  EXPECT_THROW(verify(Dequantize{}, {TensorType{DType::kU8, {1}, std::nullopt}}, real_type({1})), InternalError);
}

}  // namespace
}  // namespace qatc::testing
