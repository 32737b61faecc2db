#include "ops/op_testing.h"

namespace qatc::testing {
namespace {

TEST(Lookup, EveryValueOfEveryTypeReadsItsElement) {
  for (DType in : {DType::kU8, DType::kI8}) {
    for (DType out : {DType::kU8, DType::kI8}) {
      Random random(3);
      const Tensor table = random.tensor(TensorType{out, {256}, std::nullopt});
      const Tensor q = all_values(in);
      const std::vector<TensorType> types{quantized_type(in, {1, 16, 16, 1}, 1, 0),
                                          TensorType{out, {256}, std::nullopt}};
      const Tensor y = run(Lookup{}, {q, table}, types, quantized_type(out, {}, 1, 0));
      EXPECT_EQ(y.integers, table.integers);
    }
  }
}

TEST(Lookup, RulesOnTypes) {
  const TensorType q = quantized_type(DType::kU8, {1}, 1, 0);
  EXPECT_THROW(verify(Lookup{}, {q, TensorType{DType::kI8, {256}, std::nullopt}}, q), InternalError);
  EXPECT_THROW(verify(Lookup{}, {q, TensorType{DType::kU8, {255}, std::nullopt}}, q), InternalError);
  EXPECT_NO_THROW(verify(Lookup{}, {q, TensorType{DType::kU8, {256}, std::nullopt}}, q));
}

}  // namespace
}  // namespace qatc::testing
