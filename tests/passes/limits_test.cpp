#include <gtest/gtest.h>

#include <limits>

#include "passes/check_accumulators.h"
#include "passes/to_fixed_point_filters.h"
#include "support/error.h"

// What the passes refuse because of the filters' numbers; too large for golden files.

namespace qatc {
namespace {

/// A 1x1 conv over `channels` channels whose every weight is `weight`.
Graph conv_graph(int64_t channels, DType dtype, int32_t weight, int32_t zero_point) {
  Graph graph;
  const TensorType image{DType::kU8, {1, Extent::height(), Extent::width(), channels}, QuantParams{{0.5F}, {0}, {}}};
  const ValueId x = graph.add_input("x", image);
  Tensor weights = Tensor::zeros(dtype, {1, 1, 1, channels});
  for (int32_t& w : weights.integers) w = weight;
  const ValueId filter =
      graph.add_constant("w", {dtype, {1, 1, 1, channels}, QuantParams{{0.5F}, {zero_point}, {}}}, weights);
  const ValueId bias = graph.add_constant("b", {DType::kF32, {1}, {}}, Tensor::zeros(DType::kF32, {1}));
  TensorType result = image;
  result.shape[3] = 1;
  graph.add_output(graph.add_node(Conv2d{}, {x, filter, bias}, "y", result, {{"huge", "Conv"}}));
  return graph;
}

std::string refusal(void (*pass)(Graph&), Graph graph) {
  try {
    pass(graph);
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

TEST(CheckAccumulators, AcceptsUpToInt32) {
  // 65793 * 128 * 255 = 2^31 - 128.
  EXPECT_EQ(refusal(check_accumulators, conv_graph(65793, DType::kU8, 128, 0)), "");
  EXPECT_EQ(refusal(check_accumulators, conv_graph(65794, DType::kU8, 128, 0)),
            "node 'huge' (Conv): its sums can reach 2147516160, more than a 32-bit accumulator holds; use "
            "fewer input "
            "channels or smaller weights");
}

TEST(CheckAccumulators, CountsFromTheZeroPoint) {
  EXPECT_EQ(refusal(check_accumulators, conv_graph(70000, DType::kU8, 128, 120)), "");
  EXPECT_NE(refusal(check_accumulators, conv_graph(70000, DType::kI8, 8, -120)), "");
}

TEST(CheckAccumulators, FixedPointCountsDigitPlanes) {
  EXPECT_EQ(refusal(check_accumulators, conv_graph(65000, DType::kI32, 1 << 30, 0)), "");
  EXPECT_NE(refusal(check_accumulators, conv_graph(66000, DType::kI32, 1, 0)), "");
}

TEST(ToFixedPointFilters, RefusesWeightsThatAreNotFinite) {
  Graph graph;
  const TensorType image{DType::kF32, {1, Extent::height(), Extent::width(), 1}, {}};
  const ValueId x = graph.add_input("x", image);
  Tensor weights = Tensor::zeros(DType::kF32, {1, 1, 1, 1});
  weights.real[0] = std::numeric_limits<double>::infinity();
  const ValueId filter = graph.add_constant("w", {DType::kF32, {1, 1, 1, 1}, {}}, weights);
  const ValueId bias = graph.add_constant("b", {DType::kF32, {1}, {}}, Tensor::zeros(DType::kF32, {1}));
  graph.add_output(graph.add_node(Conv2d{}, {x, filter, bias}, "y", image, {{"head", "Conv"}}));
  EXPECT_EQ(refusal(to_fixed_point_filters, graph), "node 'head' (Conv): the filter has a weight that is not finite");
}

}  // namespace
}  // namespace qatc
