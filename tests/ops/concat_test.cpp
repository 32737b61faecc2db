#include "ops/op_testing.h"

namespace qatc::testing {
namespace {

TEST(Concat, ChannelsFollowEachOther) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    Random random(seed);
    SCOPED_TRACE(random.trace());
    const int64_t height = random.integer(1, 4);
    const int64_t width = random.integer(1, 4);
    const bool real = random.coin();
    TensorType out = real ? real_type({}) : random.type_8bit({});
    std::vector<TensorType> types;
    std::vector<Tensor> inputs;
    for (int64_t i = random.integer(1, 4); i > 0; --i) {
      types.push_back({out.dtype, {1, height, width, random.integer(1, 5)}, out.quant});
      inputs.push_back(random.tensor(types.back()));
    }
    const Tensor y = run(Concat{}, inputs, types, out);
    size_t flat = 0;
    for (int64_t p = 0; p < height * width; ++p) {
      for (const Tensor& input : inputs) {
        for (int64_t c = 0; c < input.shape[3]; ++c, ++flat) {
          const auto from = static_cast<size_t>(p * input.shape[3] + c);
          if (real) {
            ASSERT_EQ(y.real[flat], input.real[from]);
          } else {
            ASSERT_EQ(y.integers[flat], input.integers[from]);
          }
        }
      }
    }
  }
}

TEST(Concat, ShapesAndTypes) {
  const TensorType q = quantized_type(DType::kU8, {1, 1, 1, 2}, 0.5F, 3);
  const TensorType other = quantized_type(DType::kU8, {1, 1, 1, 2}, 0.25F, 3);
  EXPECT_THROW(verify(Concat{}, {q, other}, q), InternalError);
  EXPECT_THROW(verify(Concat{}, {q, q}, other), InternalError);
  EXPECT_THROW(infer_shape(Concat{}, {real_type({1, 2, 2, 3}), real_type({1, 2, 1, 3})}), UserError);
  EXPECT_THROW(infer_shape(Concat{}, {real_type({2, 3})}), UserError);
  const TensorType symbolic{DType::kF32, {1, Extent::height(), Extent::width(), 3}, std::nullopt};
  EXPECT_EQ(infer_shape(Concat{}, {symbolic, symbolic}), (Shape{1, Extent::height(), Extent::width(), 6}));
}

}  // namespace
}  // namespace qatc::testing
