#include "plan/arena.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "plan/plan_testing.h"
#include "support/generated_library.h"
#include "support/network_builder.h"

namespace qatc::testing {
namespace {

class Arena : public ::testing::TestWithParam<uint64_t> {};

TEST_P(Arena, BlocksAliveTogetherNeverOverlap) {
  const Plan plan = make_plan(random_network(GetParam(), 30), Rounding::kFloat);
  std::mt19937_64 random(GetParam());
  for (int i = 0; i < 200; ++i) {
    const int64_t most = i % 2 == 0 ? 64 : 4096;
    const auto side = [&] { return static_cast<int64_t>(random() % static_cast<uint64_t>(most)); };
    const int64_t height = plan.limits.min_height + side();
    const int64_t width = plan.limits.min_width + side();
    const std::vector<int64_t> offsets = arena_offsets(plan, height, width);
    ASSERT_EQ(offsets.size(), plan.blocks.size() + 1);
    for (size_t a = 0; a < plan.blocks.size(); ++a) {
      const int64_t end = offsets[a] + block_size(plan, plan.blocks[a], height, width);
      EXPECT_EQ(offsets[a] % 64, 0);
      EXPECT_LE(end, offsets.back());
      for (size_t b = 0; b < a; ++b) {
        if (plan.blocks[a].first > plan.blocks[b].last || plan.blocks[b].first > plan.blocks[a].last) continue;
        const int64_t other_end = offsets[b] + block_size(plan, plan.blocks[b], height, width);
        EXPECT_TRUE(end <= offsets[b] || other_end <= offsets[a])
            << "b" << a << " and b" << b << " at " << height << " x " << width << "\n"
            << print(plan);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(RandomNetworks, Arena, ::testing::Range<uint64_t>(0, 20));

/// The generated code and the plan agree on arena sizes, at random image sizes and at those that are refused.
void expect_the_plans_arena_sizes(const Plan& plan, uint64_t seed) {
  GeneratedLibrary library(plan, {"host"});
  std::vector<std::string> command{library.link("host", QATC_ARENA_SIZES_SOURCE)};
  std::string expected;
  std::mt19937_64 random(seed);
  for (int i = 0; i < 300; ++i) {
    const auto height = plan.limits.min_height + static_cast<int64_t>(random() % (i < 100 ? 50 : 2000));
    const auto width = plan.limits.min_width + static_cast<int64_t>(random() % (i < 100 ? 50 : 2000));
    command.push_back(std::to_string(height));
    command.push_back(std::to_string(width));
    expected += std::to_string(arena_size(plan, height, width)) + "\n";
  }
  // Sizes that are too small, too large on a side, or too large as a whole (4 to 16 GB tensors).
  for (const auto& [height, width] : {std::pair<int64_t, int64_t>{plan.limits.min_height - 1, 100},
                                      {100, plan.limits.max_width + 1},
                                      {plan.limits.max_height, plan.limits.max_width}}) {
    command.push_back(std::to_string(height));
    command.push_back(std::to_string(width));
    const bool supported = supports(plan, height, width);
    expected += (supported ? std::to_string(arena_size(plan, height, width)) : "0") + "\n";
  }
  EXPECT_FALSE(supports(plan, 100, plan.limits.max_width + 1));
  EXPECT_EQ(run_checked(command), expected) << print(plan);
}

TEST(ArenaSize, GeneratedCodeComputesThePlansSizes) {
  for (const uint64_t seed : {1, 2}) {
    expect_the_plans_arena_sizes(make_plan(random_network(seed, 10), Rounding::kFloat), seed);
  }
}

TEST(ArenaSize, GeneratedCodeComputesThePlansSizesOfNormsAndScratchRows) {
  const Plan plan = plan_of(input_of(read_file(QATC_GOLDEN_DIR "/refinement.txt")));
  EXPECT_FALSE(plan.statistics.empty());
  EXPECT_TRUE(std::any_of(plan.stages.begin(), plan.stages.end(),
                          [](const Stage& stage) { return !scratch_tensors(stage).empty(); }));
  expect_the_plans_arena_sizes(plan, 3);
}

TEST(ArenaSize, GeneratedCodeComputesThePlansSizesOfResizesAndUpsampledConvs) {
  NetworkBuilder network(4, 3);
  NetworkBuilder::ConvOptions around = NetworkBuilder::around();
  const ValueId first = network.conv({network.image()}, 5, around);
  const ValueId doubled = network.conv({network.resize_by(first, 2, 1)}, 4, around);
  network.keep(doubled);
  around.stride = {2, 2};
  network.keep(network.conv({network.resize_by(network.instance_norm(first), 3, 2)}, 6, around));
  const Plan plan = make_plan(network.finish(), Rounding::kFloat);
  EXPECT_GE(plan.resizes.size(), 2U);
  EXPECT_TRUE(std::any_of(plan.stages.begin(), plan.stages.end(), [](const Stage& stage) {
    return std::any_of(stage.calls.begin(), stage.calls.end(),
                       [](const KernelCall& call) { return call.upsampled.has_value(); });
  })) << print(plan);
  expect_the_plans_arena_sizes(plan, 4);
}

}  // namespace
}  // namespace qatc::testing
