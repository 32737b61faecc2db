#include "plan/plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "plan/plan_testing.h"

namespace qatc::testing {
namespace {

class RandomNetwork : public ::testing::TestWithParam<uint64_t> {};

TEST_P(RandomNetwork, EveryExtentIsPositiveFromTheMinimumOn) {
  const Plan plan = make_plan(random_network(GetParam(), 30), Rounding::kFloat);
  const SizeLimits& limits = plan.limits;
  for (const PlanTensor& tensor : plan.tensors) {
    for (int64_t more = 0; more < 40; ++more) {
      EXPECT_GE(tensor.height.evaluate(limits.min_height + more, limits.min_width), 1) << tensor.name;
      EXPECT_GE(tensor.width.evaluate(limits.min_height, limits.min_width + more), 1) << tensor.name;
    }
  }
}

TEST_P(RandomNetwork, EveryInputOfACallExistsWhenItIsRead) {
  const Plan plan = make_plan(random_network(GetParam(), 30), Rounding::kFloat);
  std::vector<bool> stored(plan.tensors.size(), false);
  for (size_t s = 0; s < plan.stages.size(); ++s) {
    const Stage& stage = plan.stages[s];
    if (stage.kind == Stage::Kind::kLoadImage) stored[static_cast<size_t>(stage.image)] = true;
    std::vector<bool> stored_here(plan.tensors.size(), false);
    for (size_t c = 0; c < stage.calls.size(); ++c) {
      for (int input : stage.calls[c].inputs) {
        const auto where = "t" + std::to_string(input) + " in s" + std::to_string(s) + "\n" + print(plan);
        const Window* window = window_of(stage, input);
        if (window == nullptr) {
          const Block& block = plan.blocks[static_cast<size_t>(plan.tensors[static_cast<size_t>(input)].block)];
          EXPECT_TRUE(stored[static_cast<size_t>(input)]) << where;
          EXPECT_LE(static_cast<int>(s), block.last) << where;
        } else {
          EXPECT_LT(window->writer, static_cast<int>(c)) << where;
          EXPECT_TRUE(std::any_of(window->readers.begin(), window->readers.end(), [&](const Window::Reader& reader) {
            return reader.call == static_cast<int>(c);
          })) << where;
        }
      }
      for (int output : stored_outputs(stage, stage.calls[c])) stored_here[static_cast<size_t>(output)] = true;
    }
    for (size_t t = 0; t < stored.size(); ++t) {
      EXPECT_FALSE(stored[t] && stored_here[t]) << "t" << t << " is written again in s" << s << "\n" << print(plan);
      stored[t] = stored[t] || stored_here[t];
    }
  }
}

TEST_P(RandomNetwork, IsPlannedTheSameTwice) {
  const Graph graph = random_network(GetParam(), 30);
  EXPECT_EQ(print(make_plan(graph, Rounding::kExact)), print(make_plan(graph, Rounding::kExact)));
}

INSTANTIATE_TEST_SUITE_P(Plan, RandomNetwork, ::testing::Range<uint64_t>(0, 20));

// ---- Results in the image's place.

InPlace in_place_with(const char* extra) {
  return in_place(plan_of(std::string(R"(graph 'in_place'
input %x: f32[1, H, W, 1]
%q: u8[1, H, W, 1] quant(0.01, 0) = quantize(%x)
const %w: i8[1, 3, 1, 1] quant(0.01, 0) = {1, 2, 3}
const %bias: f32[1] = {0}
%c: u8[1, H, W, 1] quant(0.01, 0) = conv2d(%q, %w, %bias) {pad = [1, 0, 1, 0]}
)") + extra));
}

TEST(InPlaceResult, NeedsRowsThatAreReadOnceAndWrittenThen) {
  // The conv reads rows around those that are written at the same time.
  EXPECT_EQ(in_place_with("%y: f32[1, H, W, 1] = dequantize(%c)\noutput %y\n"), InPlace::kNever);
  // The norm ends all reading.
  EXPECT_EQ(in_place_with(R"(const %one: f32[1] = {1}
%n: u8[1, H, W, 1] quant(0.01, 0) = instance_norm(%c, %one, %bias)
%y: f32[1, H, W, 1] = dequantize(%n)
output %y
)"),
            InPlace::kAlways);
  // Behind it, only the residual reads the image again.
  EXPECT_EQ(in_place_with(R"(const %one: f32[1] = {1}
%n: u8[1, H, W, 1] quant(0.01, 0) = instance_norm(%c, %one, %bias)
%sum: u8[1, H, W, 1] quant(0.01, 0) = add(%q, %n)
%y: f32[1, H, W, 1] = dequantize(%sum)
output %y
)"),
            InPlace::kSameRows);
}

}  // namespace
}  // namespace qatc::testing
