#include "ops/op_testing.h"

namespace qatc::testing {
namespace {

Resize to_size(int64_t height, int64_t width) { return Resize{{height, width}, {}, {1, 1}}; }

/// Columns of a one-row image after a resize, as indices of the input's columns.
std::vector<int32_t> columns(const Resize& op, int64_t in) {
  Tensor x = Tensor::zeros(DType::kU8, {1, 1, in, 1});
  for (int32_t i = 0; i < in; ++i) x.integers[static_cast<size_t>(i)] = i;
  const TensorType type = quantized_type(DType::kU8, {1, 1, in, 1}, 1, 0);
  return run(op, {x}, {type}, type).integers;
}

TEST(Resize, IndicesBySize) {
  EXPECT_EQ(columns(to_size(1, 6), 3), (std::vector<int32_t>{0, 0, 1, 1, 2, 2}));
  EXPECT_EQ(columns(to_size(1, 7), 3), (std::vector<int32_t>{0, 0, 0, 1, 1, 2, 2}));
  EXPECT_EQ(columns(to_size(1, 3), 7), (std::vector<int32_t>{0, 2, 4}));
  EXPECT_EQ(columns(to_size(1, 4), 1), (std::vector<int32_t>{0, 0, 0, 0}));
  const std::vector<int32_t> odd = columns(to_size(1, 25), 12);
  for (int32_t i = 0; i < 25; ++i) EXPECT_EQ(odd[static_cast<size_t>(i)], i * 12 / 25);
}

// The factor 2 on 12 columns with 25 wanted: the index runs past the end and stays at the last column.
TEST(Resize, IndicesByScale) {
  const std::vector<int32_t> twice = columns(Resize{{1, 25}, {2, 2}, {1, 1}}, 12);
  for (int32_t i = 0; i < 25; ++i) EXPECT_EQ(twice[static_cast<size_t>(i)], std::min(i / 2, 11));
  EXPECT_EQ(columns(Resize{{1, 4}, {1, 3}, {1, 2}}, 3), (std::vector<int32_t>{0, 0, 1, 2}));
}

TEST(Resize, MovesAllChannelsOfRowsAndColumns) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    Random random(seed);
    SCOPED_TRACE(random.trace());
    const int64_t h = random.integer(1, 9);
    const int64_t w = random.integer(1, 9);
    const int64_t channels = random.integer(1, 4);
    const int64_t out_h = random.integer(1, 20);
    const int64_t out_w = random.integer(1, 20);
    const bool real = random.coin();
    TensorType type = random.type_8bit({1, h, w, channels});
    if (real) type = real_type({1, h, w, channels});
    const Tensor x = random.tensor(type);
    const Tensor y = run(to_size(out_h, out_w), {x}, {type}, type);
    for (int64_t oy = 0; oy < out_h; ++oy)
      for (int64_t ox = 0; ox < out_w; ++ox)
        for (int64_t c = 0; c < channels; ++c) {
          const auto to = static_cast<size_t>((oy * out_w + ox) * channels + c);
          const auto from = static_cast<size_t>((oy * h / out_h * w + ox * w / out_w) * channels + c);
          if (real) {
            ASSERT_EQ(y.real[to], x.real[from]);
          } else {
            ASSERT_EQ(y.integers[to], x.integers[from]);
          }
        }
  }
}

TEST(Resize, ShapesAndTypes) {
  const TensorType in{DType::kF32, {1, Extent::height().step(1, 0, 2), Extent::width().step(1, 0, 2), 3}, std::nullopt};
  EXPECT_EQ(infer_shape(Resize{{Extent::height(), Extent::width()}, {}, {1, 1}}, {in}),
            (Shape{1, Extent::height(), Extent::width(), 3}));
  EXPECT_THROW(infer_shape(to_size(0, 2), {in}), UserError);
  EXPECT_THROW(infer_shape(Resize{{4, 4}, {-2, 2}, {1, 1}}, {in}), UserError);
  const TensorType q = quantized_type(DType::kU8, {1, 2, 2, 1}, 1, 0);
  EXPECT_THROW(verify(to_size(4, 4), {q}, quantized_type(DType::kI8, {1, 4, 4, 1}, 1, 0)), InternalError);
}

}  // namespace
}  // namespace qatc::testing
