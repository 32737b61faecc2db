#include "plan/loads.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "plan/plan_testing.h"
#include "support/network_builder.h"

namespace qatc::testing {
namespace {

int64_t loading_kernels(const Plan& plan) {
  return std::count_if(plan.kernels.begin(), plan.kernels.end(),
                       [](const KernelSpec& spec) { return spec.image_channels > 0; });
}

TEST(Loads, AConvThatAloneReadsTheImageLoadsIt) {
  NetworkBuilder network(1, 3);
  network.keep(network.conv({network.image()}, 8, NetworkBuilder::around()));
  const Plan plan = make_plan(network.finish(), Rounding::kFloat);
  EXPECT_EQ(loading_kernels(plan), 1) << print(plan);
  const auto loads = std::find_if(plan.kernels.begin(), plan.kernels.end(),
                                  [](const KernelSpec& spec) { return spec.image_channels > 0; });
  EXPECT_EQ(loads->image_channels, 3);
  EXPECT_EQ(tiles_of(*loads).image_channels, 0);
}

TEST(Loads, OthersReadItsWindow) {
  NetworkBuilder two_readers(1, 3);
  const ValueId conv = two_readers.conv({two_readers.image()}, 3, NetworkBuilder::around());
  two_readers.keep(two_readers.add(two_readers.conv({conv}, 3, NetworkBuilder::around()), two_readers.image()));
  NetworkBuilder no_conv(1, 3);
  no_conv.keep(no_conv.max_pool(no_conv.image(), {2, 2}, {2, 2}, {0, 0, 0, 0}));
  NetworkBuilder residual(1, 3);
  residual.keep(residual.add(residual.conv({residual.image()}, 3, NetworkBuilder::around()), residual.image()));
  NetworkBuilder many_channels(1, 5);
  many_channels.keep(many_channels.conv({many_channels.image()}, 8, NetworkBuilder::around()));
  for (NetworkBuilder* network : {&two_readers, &no_conv, &residual, &many_channels}) {
    const Plan plan = make_plan(network->finish(), Rounding::kFloat);
    EXPECT_EQ(loading_kernels(plan), 0) << print(plan);
  }
}

/// What is computed once for all rows must not be left out where no row is computed.
TEST(Loads, ItsKernelIsTheWindowsOnlyReaderAndIsCalledOnce) {
  int loading = 0;
  for (uint64_t seed = 1; seed <= 80; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Plan plan = make_plan(random_network(seed, 30), Rounding::kFloat);
    for (const Stage& stage : plan.stages) {
      for (size_t i = 0; i < stage.calls.size(); ++i) {
        const KernelCall& call = stage.calls[i];
        if (plan.kernels[static_cast<size_t>(call.kernel)].image_channels == 0) continue;
        ++loading;
        EXPECT_EQ(call.inputs, std::vector<int>{plan.input_tensor});
        const Window* window = window_of(stage, plan.input_tensor);
        ASSERT_NE(window, nullptr);
        ASSERT_EQ(window->readers.size(), 1U);
        EXPECT_EQ(window->readers.front().call, static_cast<int>(i));
        EXPECT_FALSE(needs_scratch(stage, call));
        EXPECT_FALSE(call.upsampled.has_value());
      }
    }
  }
  EXPECT_GT(loading, 5);
}

}  // namespace
}  // namespace qatc::testing
