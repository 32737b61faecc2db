#include "ops/op_testing.h"

namespace qatc::testing {
namespace {

TEST(Add, RealValues) {
  const std::vector<TensorType> types(2, real_type({3}));
  const Tensor z = run(Add{}, {real_tensor({3}, {1, 2, 3}), real_tensor({3}, {0.5, -4, 0})}, types, types[0]);
  EXPECT_EQ(z.real, (std::vector<double>{1 + 0.5, 2 + -4.0, 3 + 0.0}));
}

TEST(Add, EightBitRoundsOnce) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Random random(seed);
    SCOPED_TRACE(random.trace());
    const std::vector<int64_t> shape{1, random.integer(1, 5), random.integer(1, 5), random.integer(1, 9)};
    const std::vector<TensorType> types{random.type_8bit(shape), random.type_8bit(shape)};
    const TensorType out = random.type_8bit(shape);
    const std::vector<Tensor> inputs{random.tensor(types[0]), random.tensor(types[1])};
    const Tensor exact = run(Add{}, inputs, types, out, Rounding::kExact);
    const Tensor with_float = run(Add{}, inputs, types, out, Rounding::kFloat);
    for (size_t i = 0; i < exact.integers.size(); ++i) {
      const int32_t dx = inputs[0].integers[i] - types[0].quant->zero_point[0];
      const int32_t dy = inputs[1].integers[i] - types[1].quant->zero_point[0];
      const double sx = types[0].quant->scale[0];
      const double sy = types[1].quant->scale[0];
      const double so = out.quant->scale[0];
      const int32_t zero = out.quant->zero_point[0];
      EXPECT_EQ(exact.integers[i], naive_round((dx * sx + dy * sy) / so, zero, out.dtype));
      const float first = static_cast<float>(dx) * static_cast<float>(sx / so);
      const float second = static_cast<float>(dy) * static_cast<float>(sy / so);
      const float steps = first + second;
      EXPECT_EQ(with_float.integers[i], naive_round(steps, zero, out.dtype));
    }
  }
}

// Powers of two make the arithmetic exact, so ties are real ties: 0.5 -> 0, 1.5 -> 2, -0.5 -> 0, -1.5 -> -2.
TEST(Add, TiesGoToEvenBeforeTheZeroPoint) {
  const TensorType in = quantized_type(DType::kI8, {1, 1, 4, 1}, 0.25F, 3);
  const TensorType out = quantized_type(DType::kI8, {1, 1, 4, 1}, 0.5F, 7);
  const Tensor x = integer_tensor(DType::kI8, {1, 1, 4, 1}, {3 + 1, 3 + 1, 3 - 1, 3 - 1});
  const Tensor y = integer_tensor(DType::kI8, {1, 1, 4, 1}, {3, 3 + 2, 3, 3 - 2});
  for (Rounding rounding : {Rounding::kFloat, Rounding::kExact}) {
    EXPECT_EQ(run(Add{}, {x, y}, {in, in}, out, rounding).integers, (std::vector<int32_t>{7, 9, 7, 5}));
  }
}

TEST(Add, Saturates) {
  const TensorType type = quantized_type(DType::kU8, {1, 1, 2, 1}, 1, 128);
  const Tensor x = integer_tensor(DType::kU8, {1, 1, 2, 1}, {255, 0});
  EXPECT_EQ(run(Add{}, {x, x}, {type, type}, type).integers, (std::vector<int32_t>{255, 0}));
}

TEST(Add, ShapesMustBeEqual) {
  EXPECT_THROW(infer_shape(Add{}, {real_type({1, 2, 2, 3}), real_type({1, 2, 2, 1})}), UserError);
  EXPECT_EQ(infer_shape(Add{}, std::vector<TensorType>(2, real_type({1, 2, 2, 3}))), (Shape{1, 2, 2, 3}));
}

TEST(Add, MixedTypesAreRefused) {
  const TensorType q = quantized_type(DType::kU8, {1}, 1, 0);
  EXPECT_THROW(verify(Add{}, {q, real_type({1})}, q), InternalError);
  EXPECT_THROW(verify(Add{}, {q, q}, real_type({1})), InternalError);
  EXPECT_THROW(verify(Add{}, {q}, q), InternalError);
}

}  // namespace
}  // namespace qatc::testing
