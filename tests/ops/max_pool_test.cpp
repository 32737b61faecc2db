#include "ops/op_testing.h"

namespace qatc::testing {
namespace {

TEST(MaxPool, EqualsTheNaiveLoops) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    Random random(seed);
    SCOPED_TRACE(random.trace());
    MaxPool op;
    for (size_t d = 0; d < 2; ++d) {
      op.kernel[d] = random.integer(1, 3);
      op.stride[d] = random.integer(1, 3);
      op.pad[d] = random.integer(0, op.kernel[d] - 1);
      op.pad[d + 2] = random.integer(0, op.kernel[d] - 1);
    }
    const int64_t h = random.integer(op.kernel[0], 6);
    const int64_t w = random.integer(op.kernel[1], 6);
    const int64_t channels = random.integer(1, 3);
    const bool real = random.coin();
    TensorType type = random.type_8bit({1, h, w, channels});
    if (real) type = real_type({1, h, w, channels});
    const Tensor x = random.tensor(type);
    const Tensor y = run(op, {x}, {type}, type);
    ASSERT_EQ(y.shape[1], (h + op.pad[0] + op.pad[2] - op.kernel[0]) / op.stride[0] + 1);
    ASSERT_EQ(y.shape[2], (w + op.pad[1] + op.pad[3] - op.kernel[1]) / op.stride[1] + 1);
    for (int64_t oy = 0; oy < y.shape[1]; ++oy)
      for (int64_t ox = 0; ox < y.shape[2]; ++ox)
        for (int64_t c = 0; c < channels; ++c) {
          double best = -1e9;
          for (int64_t ky = 0; ky < op.kernel[0]; ++ky)
            for (int64_t kx = 0; kx < op.kernel[1]; ++kx) {
              const int64_t iy = oy * op.stride[0] + ky - op.pad[0];
              const int64_t ix = ox * op.stride[1] + kx - op.pad[1];
              if (iy < 0 || ix < 0 || iy >= h || ix >= w) continue;
              const auto at = static_cast<size_t>((iy * w + ix) * channels + c);
              best = std::fmax(best, real ? x.real[at] : x.integers[at]);
            }
          const auto at = static_cast<size_t>((oy * y.shape[2] + ox) * channels + c);
          ASSERT_EQ(real ? y.real[at] : y.integers[at], best);
        }
  }
}

TEST(MaxPool, SymbolicShape) {
  const TensorType type{DType::kF32, {1, Extent::height(), Extent::width(), 3}, std::nullopt};
  EXPECT_EQ(infer_shape(MaxPool{}, {type}),
            (Shape{1, Extent::height().step(1, 0, 2), Extent::width().step(1, 0, 2), 3}));
}

TEST(MaxPool, WindowsThatHoldNoPixelAreRefused) {
  EXPECT_THROW(infer_shape(MaxPool{{2, 2}, {2, 2}, {0, 0, 2, 0}}, {real_type({1, 4, 4, 1})}), UserError);
  EXPECT_THROW(infer_shape(MaxPool{}, {real_type({1, 1, 4, 1})}), UserError);
  EXPECT_THROW(infer_shape(MaxPool{{2, 2}, {0, 2}, {}}, {real_type({1, 4, 4, 1})}), UserError);
}

TEST(MaxPool, KeepsTheQuantization) {
  const TensorType in = quantized_type(DType::kU8, {1, 2, 2, 1}, 1, 0);
  EXPECT_THROW(verify(MaxPool{}, {in}, quantized_type(DType::kU8, {1, 1, 1, 1}, 1, 1)), InternalError);
}

}  // namespace
}  // namespace qatc::testing
