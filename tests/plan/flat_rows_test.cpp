#include "plan/flat_rows.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "plan/plan_testing.h"

namespace qatc::testing {
namespace {

int64_t between_rows(const PlanTensor& tensor) { return tensor.border[1] + tensor.border[3] + tensor.gap; }

TEST(FlatRows, TensorsOfACallHaveTheSamePitch) {
  int flat = 0;
  int scratch = 0;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Plan plan = make_plan(random_network(seed, 30), Rounding::kFloat);
    for (const Stage& stage : plan.stages) {
      for (const KernelCall& call : stage.calls) {
        if (needs_scratch(stage, call)) ++scratch;
        if (!call.flat_rows) continue;
        ++flat;
        EXPECT_FALSE(needs_scratch(stage, call));
        const PlanTensor& first = plan.tensors[static_cast<size_t>(call.outputs.front())];
        for (const std::vector<int>& tensors : {call.inputs, call.outputs}) {
          for (int id : tensors) {
            const PlanTensor& tensor = plan.tensors[static_cast<size_t>(id)];
            EXPECT_EQ(tensor.width, first.width) << tensor.name;
            EXPECT_EQ(between_rows(tensor), between_rows(first)) << tensor.name;
          }
        }
      }
    }
  }
  EXPECT_GT(flat, 100);
  EXPECT_GT(scratch, 0);
}

TEST(FlatRows, GapsMakeUpForBorders) {
  const Plan plan = plan_of(R"(graph 'gaps'
input %x: f32[1, H, W, 4]
%q: u8[1, H, W, 4] quant(0.01, 3) = quantize(%x)
const %w1: i8[4, 1, 1, 4] quant(0.01, 0) = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}
const %w2: i8[1, 1, 4, 4] quant(0.01, 0) = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}
const %b: f32[4] = {0, 0, 0, 0}
const %c: f32[1] = {0}
%p: u8[1, H, W, 4] quant(0.02, 128) = conv2d(%q, %w1, %b)
%v: u8[1, H, W, 1] quant(0.02, 128) = conv2d(%p, %w2, %c) {pad = [0, 1, 0, 2]}
%y: f32[1, H, W, 1] = dequantize(%v)
output %y
)");
  std::map<std::string, int64_t> gaps;
  for (const PlanTensor& tensor : plan.tensors) gaps[tensor.name] = tensor.gap;
  EXPECT_EQ(gaps, (std::map<std::string, int64_t>{{"q", 3}, {"p", 0}, {"v", 3}}));
}

/// Whether the call that makes %v, of this shape, may compute rows as one.
bool is_flat(const std::string& shape, const std::string& op) {
  const Plan plan = plan_of(std::string(R"(graph 'flat'
input %x: f32[1, H, W, 4]
%q: u8[1, H, W, 4] quant(0.01, 3) = quantize(%x)
const %w1: i8[4, 1, 1, 4] quant(0.01, 0) = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}
const %b: f32[4] = {0, 0, 0, 0}
const %w2: i8[4, 1, 2, 4] quant(0.01, 0) = {1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8}
%p: u8[1, H, W, 4] quant(0.02, 128) = conv2d(%q, %w1, %b)
)") + "%v: u8[1, " + shape + ", 4] quant(0.02, 128) = " +
                            op + "\n%y: f32[1, " + shape + ", 4] = dequantize(%v)\noutput %y\n");
  for (const Stage& stage : plan.stages) {
    for (const KernelCall& call : stage.calls) {
      for (int id : call.outputs) {
        if (plan.tensors[static_cast<size_t>(id)].name == "v") return call.flat_rows;
      }
    }
  }
  ADD_FAILURE() << "nothing makes %v:\n" << print(plan);
  return false;
}

TEST(FlatRows, KernelsReadAtFixedDistances) {
  EXPECT_TRUE(is_flat("H, W", "conv2d(%p, %w2, %b) {pad = [0, 1, 0, 0]}"));
  EXPECT_TRUE(is_flat("H, W", "conv2d(%p, %w2, %b) {pad = [0, 1, 0, 1], dilation = [1, 2]}"));
  EXPECT_TRUE(is_flat("H, W", "add(%p, %q)"));
  EXPECT_FALSE(is_flat("H, W - 1", "conv2d(%p, %w2, %b)")) << "of other widths";
  EXPECT_FALSE(is_flat("(H + 1) / 2, (W + 1) / 2", "conv2d(%p, %w1, %b) {stride = [2, 2]}"));
  EXPECT_FALSE(is_flat("H, W", "max_pool(%p) {kernel = [3, 3], stride = [1, 1], pad = [1, 1, 1, 1]}"));
  EXPECT_FALSE(is_flat("H, W", "resize(%p) {size = [H, W], numerator = [1, 1]}"));
}

}  // namespace
}  // namespace qatc::testing
