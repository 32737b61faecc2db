#include "ops/op_testing.h"

namespace qatc::testing {
namespace {

TEST(Mul, RealValues) {
  const std::vector<TensorType> types(2, real_type({3}));
  const Tensor z = run(Mul{}, {real_tensor({3}, {1, 2, 3}), real_tensor({3}, {0.5, -4, 0})}, types, types[0]);
  EXPECT_EQ(z.real, (std::vector<double>{1 * 0.5, 2 * -4.0, 3 * 0.0}));
}

TEST(Mul, EightBitRoundsOnce) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Random random(seed);
    SCOPED_TRACE(random.trace());
    const std::vector<int64_t> shape{1, random.integer(1, 5), random.integer(1, 5), random.integer(1, 9)};
    const std::vector<TensorType> types{random.type_8bit(shape), random.type_8bit(shape)};
    const TensorType out = random.type_8bit(shape);
    const std::vector<Tensor> inputs{random.tensor(types[0]), random.tensor(types[1])};
    const Tensor exact = run(Mul{}, inputs, types, out, Rounding::kExact);
    const Tensor with_float = run(Mul{}, inputs, types, out, Rounding::kFloat);
    for (size_t i = 0; i < exact.integers.size(); ++i) {
      const int32_t dx = inputs[0].integers[i] - types[0].quant->zero_point[0];
      const int32_t dy = inputs[1].integers[i] - types[1].quant->zero_point[0];
      const double sx = types[0].quant->scale[0];
      const double sy = types[1].quant->scale[0];
      const double so = out.quant->scale[0];
      const int32_t zero = out.quant->zero_point[0];
      EXPECT_EQ(exact.integers[i], naive_round((dx * sx * dy * sy) / so, zero, out.dtype));
      const float steps = static_cast<float>(dx * dy) * static_cast<float>(sx * sy / so);
      EXPECT_EQ(with_float.integers[i], naive_round(steps, zero, out.dtype));
    }
  }
}

// Powers of two make the arithmetic exact, so ties are real ties.
TEST(Mul, TiesGoToEvenBeforeTheZeroPoint) {
  const TensorType in = quantized_type(DType::kU8, {1, 1, 4, 1}, 0.5F, 100);
  const TensorType out = quantized_type(DType::kU8, {1, 1, 4, 1}, 0.5F, 11);
  const Tensor x = integer_tensor(DType::kU8, {1, 1, 4, 1}, {101, 103, 99, 97});
  const Tensor y = integer_tensor(DType::kU8, {1, 1, 4, 1}, {101, 101, 101, 101});
  for (Rounding rounding : {Rounding::kFloat, Rounding::kExact}) {
    EXPECT_EQ(run(Mul{}, {x, y}, {in, in}, out, rounding).integers, (std::vector<int32_t>{11, 13, 11, 9}));
  }
}

TEST(Mul, ShapesMustBeEqual) {
  EXPECT_THROW(infer_shape(Mul{}, {real_type({1, 2, 2, 3}), real_type({1, 2, 2, 1})}), UserError);
  EXPECT_EQ(infer_shape(Mul{}, std::vector<TensorType>(2, real_type({1, 2, 2, 3}))), (Shape{1, 2, 2, 3}));
}

TEST(Mul, MixedTypesAreRefused) {
  const TensorType q = quantized_type(DType::kU8, {1}, 1, 0);
  EXPECT_THROW(verify(Mul{}, {q, real_type({1})}, q), InternalError);
  EXPECT_THROW(verify(Mul{}, {q, q}, real_type({1})), InternalError);
  EXPECT_THROW(verify(Mul{}, {q}, q), InternalError);
}

}  // namespace
}  // namespace qatc::testing
