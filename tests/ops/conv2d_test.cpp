#include "ops/op_testing.h"

namespace qatc::testing {
namespace {

struct Case {
  Conv2d op;
  std::vector<TensorType> types;
  std::vector<Tensor> inputs;
  int64_t height, width, channels, outputs, kernel_height, kernel_width;
  const Tensor& filter() const { return inputs[inputs.size() - 2]; }
  const Tensor& bias() const { return inputs.back(); }
  const TensorType& filter_type() const { return types[types.size() - 2]; }
};

/// `activation` and `filter` give dtype and quantization; the shapes are random.
Case random_case(Random& random, const TensorType& activation, TensorType filter) {
  Case result{};
  Conv2d& op = result.op;
  result.kernel_height = random.integer(1, 4);
  result.kernel_width = random.integer(1, 4);
  for (size_t d = 0; d < 2; ++d) {
    op.stride[d] = random.integer(1, 3);
    op.dilation[d] = random.integer(1, 3);
    op.pad[d] = random.integer(0, 3);
    op.pad[d + 2] = random.integer(0, 3);
  }
  // At least as large as the window needs; a 1-pixel image is among them.
  const auto extent = [&](size_t d, int64_t kernel) {
    const int64_t least = op.dilation[d] * (kernel - 1) + 1 - op.pad[d] - op.pad[d + 2];
    return std::max<int64_t>(least, 1) + (random.coin() ? 0 : random.integer(0, 5));
  };
  result.height = extent(0, result.kernel_height);
  result.width = extent(1, result.kernel_width);
  op.activations = random.integer(1, 3);
  for (int64_t i = 0; i < op.activations; ++i) {
    const int64_t channels = random.integer(1, 6);
    result.channels += channels;
    result.types.push_back({activation.dtype, {1, result.height, result.width, channels}, activation.quant});
    result.inputs.push_back(random.tensor(result.types.back()));
  }
  result.outputs = random.integer(1, 9);
  filter.shape = {result.outputs, result.kernel_height, result.kernel_width, result.channels};
  if (filter.quant && filter.quant->axis) {
    for (int64_t o = 1; o < result.outputs; ++o) {
      const bool fixed_point = filter.dtype == DType::kI32;
      filter.quant->scale.push_back(fixed_point ? std::ldexp(1.0F, static_cast<int>(random.integer(-20, -10)))
                                                : random.real(0.001F, 0.02F));
      filter.quant->zero_point.push_back(fixed_point ? 0 : random.zero_point(filter.dtype));
    }
  }
  result.types.push_back(filter);
  result.inputs.push_back(random.tensor(filter));
  result.types.push_back(real_type({result.outputs}));
  result.inputs.push_back(random.tensor(result.types.back()));
  return result;
}

/// Calls f(flat index of the result, output channel, pairs of (activation, filter) flat values under the
/// window).
template <class Number, class Activation, class Filter, class F>
void naive_convolution(const Case& c, Activation&& activation, Filter&& filter, F&& f) {
  const int64_t out_h =
      (c.height + c.op.pad[0] + c.op.pad[2] - c.op.dilation[0] * (c.kernel_height - 1) - 1) / c.op.stride[0] + 1;
  const int64_t out_w =
      (c.width + c.op.pad[1] + c.op.pad[3] - c.op.dilation[1] * (c.kernel_width - 1) - 1) / c.op.stride[1] + 1;
  size_t flat = 0;
  for (int64_t y = 0; y < out_h; ++y)
    for (int64_t x = 0; x < out_w; ++x)
      for (int64_t o = 0; o < c.outputs; ++o, ++flat) {
        Number sum = 0;
        for (int64_t ky = 0; ky < c.kernel_height; ++ky)
          for (int64_t kx = 0; kx < c.kernel_width; ++kx) {
            const int64_t iy = y * c.op.stride[0] + ky * c.op.dilation[0] - c.op.pad[0];
            const int64_t ix = x * c.op.stride[1] + kx * c.op.dilation[1] - c.op.pad[1];
            if (iy < 0 || ix < 0 || iy >= c.height || ix >= c.width) continue;
            int64_t i = 0;
            for (int64_t a = 0; a < c.op.activations; ++a) {
              const Tensor& input = c.inputs[static_cast<size_t>(a)];
              for (int64_t ic = 0; ic < input.shape[3]; ++ic, ++i) {
                const int64_t at = ((o * c.kernel_height + ky) * c.kernel_width + kx) * c.channels + i;
                sum += activation(input, static_cast<size_t>((iy * c.width + ix) * input.shape[3] + ic)) *
                       filter(static_cast<size_t>(at), static_cast<size_t>(o));
              }
            }
          }
        f(flat, static_cast<size_t>(o), sum);
      }
  EXPECT_EQ(flat, static_cast<size_t>(out_h * out_w * c.outputs));
}

TEST(Conv2d, RealEqualsTheNaiveLoops) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Random random(seed);
    SCOPED_TRACE(random.trace());
    const Case c = random_case(random, real_type({}), real_type({}));
    const Tensor y = run(c.op, c.inputs, c.types, real_type({}));
    naive_convolution<double>(
        c, [](const Tensor& t, size_t i) { return t.real[i]; }, [&](size_t i, size_t) { return c.filter().real[i]; },
        [&](size_t flat, size_t o, double sum) { ASSERT_NEAR(y.real[flat], sum + c.bias().real[o], 1e-10); });
  }
}

TEST(Conv2d, IntegersEqualTheNaiveLoops) {
  for (uint64_t seed = 0; seed < 600; ++seed) {
    Random random(seed);
    SCOPED_TRACE(random.trace());
    const TensorType activation = random.type_8bit({});
    TensorType filter = random.type_8bit({});
    if (seed % 3 == 0) filter = quantized_type(DType::kI32, {}, 1.0F / 65536, 0);
    if (random.coin()) filter.quant->axis = 0;
    const Case c = random_case(random, activation, filter);
    const TensorType out = random.type_8bit({});
    const Rounding rounding = random.coin() ? Rounding::kExact : Rounding::kFloat;
    const Tensor y = run(c.op, c.inputs, c.types, out, rounding);
    const QuantParams& weights = *c.filter_type().quant;
    naive_convolution<int64_t>(
        c, [&](const Tensor& t, size_t i) { return int64_t{t.integers[i]} - activation.quant->zero_point[0]; },
        [&](size_t i, size_t o) { return int64_t{c.filter().integers[i]} - weights.zero_point[weights.axis ? o : 0]; },
        [&](size_t flat, size_t o, int64_t sum) {
          const double multiplier = static_cast<double>(activation.quant->scale[0]) *
                                    static_cast<double>(weights.scale[weights.axis ? o : 0]) /
                                    static_cast<double>(out.quant->scale[0]);
          const double bias = c.bias().real[o] / static_cast<double>(out.quant->scale[0]);
          double steps = static_cast<double>(sum) * multiplier + bias;
          if (rounding == Rounding::kFloat && filter.dtype != DType::kI32) {
            const float product = static_cast<float>(sum) * static_cast<float>(multiplier);
            const float rounded = product + static_cast<float>(bias);
            steps = rounded;
          }
          ASSERT_EQ(y.integers[flat], naive_round(steps, out.quant->zero_point[0], out.dtype));
        });
  }
}

// With scales that are powers of two all real arithmetic is exact, ties included: one rounding, half to even.
TEST(Conv2d, IsTheQuantizedRealConvolution) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    Random random(seed);
    SCOPED_TRACE(random.trace());
    const DType dtype = random.dtype_8bit();
    const TensorType activation = quantized_type(dtype, {}, 0.25F, random.zero_point(dtype));
    Case c = random_case(random, activation, quantized_type(DType::kI8, {}, 0.5F, random.zero_point(DType::kI8)));
    for (double& b : c.inputs.back().real) b = std::nearbyint(b * 16) / 16;
    const TensorType out = quantized_type(dtype, {}, 256, random.zero_point(dtype));

    Case real = c;
    for (size_t i = 0; i + 1 < c.types.size(); ++i) {
      real.types[i].dtype = DType::kF32;
      real.types[i].quant.reset();
      real.inputs[i] = run(Dequantize{}, {c.inputs[i]}, {c.types[i]}, real_type({}));
    }
    const Tensor sums = run(c.op, real.inputs, real.types, real_type({}));
    const TensorType sums_type = real_type(sums.shape);
    const Tensor expected = run(Quantize{}, {sums}, {sums_type}, out);
    for (Rounding rounding : {Rounding::kExact, Rounding::kFloat}) {
      EXPECT_EQ(run(c.op, c.inputs, c.types, out, rounding), expected);
    }
  }
}

// 255 * 255 * 33,100 does not fit int32.
TEST(Conv2d, SumsBeyondInt32AreExact) {
  const int64_t channels = 33100;
  const TensorType in = quantized_type(DType::kU8, {1, 1, 1, channels}, 1, 0);
  const TensorType filter = quantized_type(DType::kU8, {1, 1, 1, channels}, 1, 0);
  Tensor q = Tensor::zeros(DType::kU8, {1, 1, 1, channels});
  std::fill(q.integers.begin(), q.integers.end(), 255);
  const TensorType out = quantized_type(DType::kU8, {}, 16777216, 0);
  const Tensor y = run(Conv2d{}, {q, q, real_tensor({1}, {0})}, {in, filter, real_type({1})}, out);
  EXPECT_EQ(y.integers, (std::vector<int32_t>{128}));  // 2,152,327,500 / 2^24 = 128.3
}

TEST(Conv2d, Shapes) {
  const TensorType image{DType::kF32, {1, Extent::height(), Extent::width(), 3}, std::nullopt};
  const TensorType bias = real_type({8});
  const Conv2d same{{1, 1}, {1, 1}, {1, 1, 1, 1}, 1};
  EXPECT_EQ(infer_shape(same, {image, real_type({8, 3, 3, 3}), bias}),
            (Shape{1, Extent::height(), Extent::width(), 8}));
  const Conv2d half{{2, 2}, {1, 1}, {1, 1, 1, 1}, 1};
  EXPECT_EQ(infer_shape(half, {image, real_type({8, 3, 3, 3}), bias}),
            (Shape{1, Extent::height().step(1, 1, 2), Extent::width().step(1, 1, 2), 8}));
  EXPECT_THROW(infer_shape(same, {image, real_type({8, 3, 3, 4}), bias}), UserError);
  EXPECT_THROW(infer_shape(same, {image, real_type({8, 3, 3, 3}), real_type({7})}), UserError);
  EXPECT_THROW(infer_shape(same, {image, real_type({8, 3, 3}), bias}), UserError);
  EXPECT_THROW(infer_shape(Conv2d{}, {real_type({1, 2, 2, 3}), real_type({8, 3, 3, 3}), bias}), UserError);
  EXPECT_THROW(infer_shape(Conv2d{{0, 1}, {1, 1}, {}, 1}, {image, real_type({8, 1, 1, 3}), bias}), UserError);
  EXPECT_THROW(infer_shape(Conv2d{{1, 1}, {1, 1}, {-1, 0, 0, 0}, 1}, {image, real_type({8, 1, 1, 3}), bias}),
               UserError);
}

TEST(Conv2d, RulesOnTypes) {
  const TensorType q = quantized_type(DType::kU8, {1, 4, 4, 2}, 0.5F, 3);
  const TensorType other = quantized_type(DType::kU8, {1, 4, 4, 2}, 0.5F, 4);
  const TensorType filter = quantized_type(DType::kI8, {2, 1, 1, 2}, 1, 0);
  const TensorType bias = real_type({2});
  EXPECT_NO_THROW(verify(Conv2d{}, {q, filter, bias}, q));
  EXPECT_THROW(verify(Conv2d{}, {q, real_type({2, 1, 1, 2}), bias}, q), InternalError);
  EXPECT_THROW(verify(Conv2d{}, {q, filter, bias}, real_type({1, 4, 4, 2})), InternalError);
  EXPECT_THROW(verify(Conv2d{}, {q, filter, quantized_type(DType::kI32, {2}, 1, 0)}, q), InternalError);
  EXPECT_THROW(verify(Conv2d{}, {q, quantized_type(DType::kI32, {2, 1, 1, 2}, 0.3F, 0), bias}, q), InternalError);
  Conv2d two;
  two.activations = 2;
  EXPECT_THROW(verify(two, {q, other, filter, bias}, q), InternalError);
  EXPECT_NO_THROW(verify(two, {q, q, filter, bias}, q));
  TensorType by_input = filter;
  by_input.quant = QuantParams{{1, 1}, {0, 0}, 3};
  EXPECT_THROW(verify(Conv2d{}, {q, by_input, bias}, q), InternalError);
}

}  // namespace
}  // namespace qatc::testing
