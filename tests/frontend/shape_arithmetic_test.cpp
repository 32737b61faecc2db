#include "frontend/shape_arithmetic.h"

#include <gtest/gtest.h>

#include "frontend/refusal.h"

namespace qatc {
namespace {

const Extent kH = Extent::height();

ShapeVector scalar(const Extent& extent) { return {{{extent, 1}}, true, false}; }
ShapeVector real(double value) { return shape_from_constant({onnx::TensorProto::FLOAT, {}, {value}, {}}); }
std::string text(const ShapeVector& x) { return integer_extents(x, "x").at(0).to_string(); }

TEST(ShapeArithmetic, IntegersWithConstants) {
  EXPECT_EQ(text(apply(ShapeOperator::kAdd, scalar(kH), scalar(1))), "H + 1");
  EXPECT_EQ(text(apply(ShapeOperator::kAdd, scalar(1), scalar(kH))), "H + 1");
  EXPECT_EQ(text(apply(ShapeOperator::kSub, scalar(9), scalar(4))), "5");
  EXPECT_EQ(apply(ShapeOperator::kSub, scalar(100), scalar(kH)).elements[0].numerator.evaluate(30, 1), 70);
  EXPECT_EQ(text(apply(ShapeOperator::kDiv, apply(ShapeOperator::kAdd, scalar(kH), scalar(1)), scalar(2))),
            "(H + 1) / 2");
  EXPECT_EQ(text(apply(ShapeOperator::kMul, scalar(2), scalar(kH))), "H * 2");
}

TEST(ShapeArithmetic, ScaleInFloatAsExportersWriteIt) {
  const ShapeVector scaled = apply(ShapeOperator::kMul, cast_to_real(scalar(kH)), real(1.5));
  EXPECT_EQ(text(cast_to_integer(round(ShapeRounding::kFloor, scaled))), "(H * 3) / 2");
  EXPECT_EQ(text(cast_to_integer(scaled)), "(H * 3) / 2");
  const ShapeVector half = apply(ShapeOperator::kDiv, cast_to_real(scalar(kH)), real(2));
  EXPECT_EQ(text(cast_to_integer(round(ShapeRounding::kCeil, half))), "(H + 1) / 2");
}

TEST(ShapeArithmetic, RefusesWhatFloat32MayRound) {
  EXPECT_THROW(apply(ShapeOperator::kMul, cast_to_real(scalar(kH)), real(1.1F)), Refusal);
  EXPECT_THROW(apply(ShapeOperator::kDiv, cast_to_real(scalar(kH)), real(3)), Refusal);
}

TEST(ShapeArithmetic, RefusesTruncationOfNegatives) {
  const ShapeVector less = apply(ShapeOperator::kSub, scalar(kH), scalar(5));
  EXPECT_THROW(apply(ShapeOperator::kDiv, less, scalar(2)), Refusal);
}

TEST(ShapeArithmetic, RefusesOverflow) {
  const ShapeVector large = scalar(Extent(INT64_MAX)), small = scalar(Extent(INT64_MIN));
  for (const ShapeOperator op : {ShapeOperator::kAdd, ShapeOperator::kSub, ShapeOperator::kMul}) {
    EXPECT_THROW(apply(op, scalar(kH), large), Refusal);
    EXPECT_THROW(apply(op, scalar(kH), small), Refusal);
    EXPECT_THROW(apply(op, large, large), Refusal);
  }
  ShapeVector x = scalar(kH);
  EXPECT_THROW(for (int i = 0; i < 10; ++i) x = apply(ShapeOperator::kMul, x, scalar(1000)), Refusal);
}

TEST(ShapeArithmetic, SlicesLikeOnnx) {
  const ShapeVector x = shape_of({1, 3, kH, Extent::width()});
  EXPECT_EQ(slice(x, 2, INT64_MAX, 1).elements.size(), 2U);
  EXPECT_EQ(slice(x, -1, 4, 1).elements.size(), 1U);
  EXPECT_EQ(slice(x, 0, -1, 2).elements.size(), 2U);
  EXPECT_EQ(slice(x, INT64_MIN, INT64_MAX, INT64_MAX).elements.size(), 1U);
  EXPECT_EQ(slice(x, 3, 1, 1).elements.size(), 0U);
  EXPECT_THROW(slice(x, 3, 1, -1), Refusal);
}

TEST(ShapeArithmetic, GatherCountsFromTheEnd) {
  const ShapeVector x = shape_of({1, 3, kH, Extent::width()});
  EXPECT_EQ(text(gather(x, scalar(-2))), "H");
  EXPECT_TRUE(gather(x, scalar(2)).is_scalar);
  EXPECT_THROW(gather(x, scalar(4)), Refusal);
  EXPECT_THROW(gather(x, scalar(kH)), Refusal);
}

}  // namespace
}  // namespace qatc
