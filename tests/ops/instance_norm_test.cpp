#include "ops/op_testing.h"

namespace qatc::testing {
namespace {

/// Steps of the result, in long double from the dequantized values.
std::vector<long double> naive_norm(const std::vector<long double>& x, int64_t channels, float epsilon,
                                    const Tensor& gamma, const Tensor& beta) {
  std::vector<long double> result(x.size());
  const size_t pixels = x.size() / static_cast<size_t>(channels);
  for (size_t c = 0; c < static_cast<size_t>(channels); ++c) {
    const auto at = [&](size_t p) { return p * static_cast<size_t>(channels) + c; };
    long double mean = 0;
    long double variance = 0;
    for (size_t p = 0; p < pixels; ++p) mean += x[at(p)] / static_cast<long double>(pixels);
    for (size_t p = 0; p < pixels; ++p) {
      variance += (x[at(p)] - mean) * (x[at(p)] - mean) / static_cast<long double>(pixels);
    }
    for (size_t p = 0; p < pixels; ++p) {
      result[at(p)] = (x[at(p)] - mean) / std::sqrt(variance + static_cast<long double>(epsilon)) *
                          static_cast<long double>(gamma.real[c]) +
                      static_cast<long double>(beta.real[c]);
    }
  }
  return result;
}

TEST(InstanceNorm, RealEqualsTheDefinition) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    Random random(seed);
    SCOPED_TRACE(random.trace());
    const int64_t channels = random.integer(1, 5);
    const std::vector<int64_t> shape{1, random.integer(1, 7), random.integer(1, 7), channels};
    const std::vector<TensorType> types{real_type(shape), real_type({channels}), real_type({channels})};
    const std::vector<Tensor> inputs{random.tensor(types[0]), random.tensor(types[1]), random.tensor(types[2])};
    const Tensor y = run(InstanceNorm{}, inputs, types, types[0]);
    const std::vector<long double> x(inputs[0].real.begin(), inputs[0].real.end());
    const std::vector<long double> expected = naive_norm(x, channels, 1e-5F, inputs[1], inputs[2]);
    for (size_t i = 0; i < x.size(); ++i) ASSERT_NEAR(y.real[i], static_cast<double>(expected[i]), 1e-10);
  }
}

// Within one step of the definition in long double, and equal but where that lies next to a tie.
TEST(InstanceNorm, EightBitRoundsTheDefinition) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Random random(seed);
    SCOPED_TRACE(random.trace());
    const int64_t channels = random.integer(1, 5);
    const std::vector<int64_t> shape{1, random.integer(1, 9), random.integer(1, 9), channels};
    const TensorType out = random.type_8bit(shape);
    const std::vector<TensorType> types{random.type_8bit(shape), real_type({channels}), real_type({channels})};
    std::vector<Tensor> inputs{random.tensor(types[0]), random.tensor(types[1]), random.tensor(types[2])};
    if (seed % 5 == 0) std::fill(inputs[0].integers.begin(), inputs[0].integers.end(), types[0].quant->zero_point[0]);
    for (size_t i : {1, 2}) {
      for (double& x : inputs[i].real) x = static_cast<float>(x);
    }
    const InstanceNorm op{1e-3F};
    const Tensor exact = run(op, inputs, types, out, Rounding::kExact);
    const Tensor with_float = run(op, inputs, types, out, Rounding::kFloat);
    std::vector<long double> x;
    for (int32_t q : inputs[0].integers) {
      x.push_back((q - types[0].quant->zero_point[0]) * static_cast<long double>(types[0].quant->scale[0]));
    }
    const std::vector<long double> expected = naive_norm(x, channels, op.epsilon, inputs[1], inputs[2]);
    for (size_t i = 0; i < x.size(); ++i) {
      const auto steps = static_cast<double>(expected[i] / static_cast<long double>(out.quant->scale[0]));
      const int32_t rounded = naive_round(steps, out.quant->zero_point[0], out.dtype);
      const double to_tie = std::abs(steps - std::floor(steps) - 0.5);
      ASSERT_LE(std::abs(exact.integers[i] - rounded), to_tie < 1e-9 ? 1 : 0);
      ASSERT_LE(std::abs(with_float.integers[i] - rounded), to_tie < 1e-3 ? 1 : 0);
    }
  }
}

TEST(InstanceNorm, OnePixelGivesBeta) {
  const TensorType type = quantized_type(DType::kU8, {1, 1, 1, 2}, 0.5F, 10);
  const Tensor x = integer_tensor(DType::kU8, {1, 1, 1, 2}, {255, 3});
  const Tensor y = run(InstanceNorm{}, {x, real_tensor({2}, {3, 3}), real_tensor({2}, {1, -2})},
                       {type, real_type({2}), real_type({2})}, type);
  EXPECT_EQ(y.integers, (std::vector<int32_t>{12, 6}));
}

TEST(InstanceNorm, ShapesAndTypes) {
  EXPECT_THROW(infer_shape(InstanceNorm{}, {real_type({1, 2, 2, 3}), real_type({2}), real_type({3})}), UserError);
  const TensorType q = quantized_type(DType::kU8, {1, 2, 2, 3}, 1, 0);
  EXPECT_THROW(verify(InstanceNorm{}, {q, real_type({3}), real_type({3})}, real_type({1, 2, 2, 3})), InternalError);
  EXPECT_THROW(verify(InstanceNorm{-1}, {q, real_type({3}), real_type({3})}, q), InternalError);
}

}  // namespace
}  // namespace qatc::testing
