#include "ops/op_testing.h"

namespace qatc::testing {
namespace {

TEST(Quantize, TiesGoToEvenAndTheEndsSaturate) {
  const TensorType in = real_type({9});
  const Tensor x = real_tensor({9}, {0.25, 0.75, -0.25, -0.75, 1e30, -1e30, INFINITY, -INFINITY, NAN});
  const Tensor u8 = run(Quantize{}, {x}, {in}, quantized_type(DType::kU8, {9}, 0.5F, 5));
  EXPECT_EQ(u8.integers, (std::vector<int32_t>{5, 7, 5, 3, 255, 0, 255, 0, 5}));
  const Tensor i8 = run(Quantize{}, {x}, {in}, quantized_type(DType::kI8, {9}, 0.5F, -128));
  EXPECT_EQ(i8.integers, (std::vector<int32_t>{-128, -126, -128, -128, 127, -128, 127, -128, -128}));
}

TEST(Quantize, RandomValuesInBothModes) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    Random random(seed);
    SCOPED_TRACE(random.trace());
    const TensorType out = random.type_8bit({1, 3, 4, 5});
    const Tensor x = random.tensor(real_type({1, 3, 4, 5}), 10);
    const Tensor exact = run(Quantize{}, {x}, {real_type({1, 3, 4, 5})}, out, Rounding::kExact);
    const Tensor with_float = run(Quantize{}, {x}, {real_type({1, 3, 4, 5})}, out, Rounding::kFloat);
    const float scale = out.quant->scale[0];
    const int32_t zero = out.quant->zero_point[0];
    for (size_t i = 0; i < x.real.size(); ++i) {
      EXPECT_EQ(exact.integers[i], naive_round(x.real[i] / static_cast<double>(scale), zero, out.dtype));
      EXPECT_EQ(with_float.integers[i], naive_round(static_cast<float>(x.real[i]) / scale, zero, out.dtype));
    }
  }
}

// A quotient that is above a tie in real numbers and on it in float32.
TEST(Quantize, TheModesDifferWhereTheFloat32QuotientRoundsToATie) {
  Random random(1);
  int different = 0;
  for (int i = 0; i < 100000; ++i) {
    const float scale = random.real(0.001F, 0.1F);
    const float x = 0.5F * scale;
    const float above = std::nextafter(x * 101, 100.0F);
    const TensorType out = quantized_type(DType::kU8, {1}, scale, 0);
    const Tensor value = real_tensor({1}, {above});
    const Tensor exact = run(Quantize{}, {value}, {real_type({1})}, out, Rounding::kExact);
    const Tensor with_float = run(Quantize{}, {value}, {real_type({1})}, out, Rounding::kFloat);
    if (!(exact == with_float)) ++different;
  }
  EXPECT_GT(different, 0);
}

TEST(Quantize, PerChannelOnAnyAxis) {
  for (int axis = 0; axis < 4; ++axis) {
    SCOPED_TRACE(axis);
    Random random(static_cast<uint64_t>(axis));
    const std::vector<int64_t> shape{2, 3, 4, 5};
    TensorType out{DType::kI8, {2, 3, 4, 5}, QuantParams{{}, {}, axis}};
    for (int64_t c = 0; c < shape[static_cast<size_t>(axis)]; ++c) {
      out.quant->scale.push_back(random.real(0.01F, 0.1F));
      out.quant->zero_point.push_back(random.zero_point(DType::kI8));
    }
    const Tensor x = random.tensor(real_type(shape));
    const Tensor q = run(Quantize{}, {x}, {real_type(shape)}, out);
    size_t flat = 0;
    std::array<size_t, 4> at{};
    for (at[0] = 0; at[0] < 2; ++at[0])
      for (at[1] = 0; at[1] < 3; ++at[1])
        for (at[2] = 0; at[2] < 4; ++at[2])
          for (at[3] = 0; at[3] < 5; ++at[3], ++flat) {
            const size_t c = at[static_cast<size_t>(axis)];
            const double steps = x.real[flat] / static_cast<double>(out.quant->scale[c]);
            ASSERT_EQ(q.integers[flat], naive_round(steps, out.quant->zero_point[c], DType::kI8));
          }
  }
}

TEST(Quantize, RulesOnTypes) {
  const TensorType q = quantized_type(DType::kU8, {1}, 1, 0);
  EXPECT_THROW(verify(Quantize{}, {q}, q), InternalError);
  EXPECT_THROW(verify(Quantize{}, {real_type({1})}, real_type({1})), InternalError);
  EXPECT_THROW(verify(Quantize{}, {real_type({1})}, TensorType{DType::kU8, {1}, std::nullopt}), InternalError);
}

}  // namespace
}  // namespace qatc::testing
