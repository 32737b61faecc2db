#include "plan/sums.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "plan/plan_testing.h"
#include "support/network_builder.h"

namespace qatc::testing {
namespace {

/// How many statistics the kernels that compute their tensors sum.
int64_t summed_by_writers(const Plan& plan) {
  return std::count_if(plan.statistics.begin(), plan.statistics.end(),
                       [](const Statistics& statistics) { return statistics.sums_kernel < 0; });
}

TEST(Sums, EveryStatisticIsSummedOnceAndEveryKernelIsUsed) {
  int64_t by_writers = 0;
  int64_t by_others = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Plan plan = make_plan(random_network(seed, 30), Rounding::kFloat);
    std::vector<int> times(plan.statistics.size(), 0);
    std::set<int> used;
    for (const Stage& stage : plan.stages) {
      for (const KernelCall& call : stage.calls) {
        used.insert(call.kernel);
        if (call.upsampled) used.insert(call.upsampled->kernel);
        const KernelSpec& spec = plan.kernels[static_cast<size_t>(call.kernel)];
        ASSERT_EQ(spec.summed >= 0, call.statistics >= 0);
        if (call.statistics < 0) continue;
        ++times[static_cast<size_t>(call.statistics)];
        EXPECT_FALSE(needs_scratch(stage, call));
        EXPECT_EQ(call.outputs[static_cast<size_t>(spec.summed)],
                  plan.statistics[static_cast<size_t>(call.statistics)].tensor);
      }
    }
    for (size_t i = 0; i < plan.statistics.size(); ++i) {
      const int kernel = plan.statistics[i].sums_kernel;
      EXPECT_EQ(times[i], kernel < 0 ? 1 : 0) << "statistics " << i;
      if (kernel >= 0) used.insert(kernel);
    }
    EXPECT_EQ(used.size(), plan.kernels.size());
    by_writers += summed_by_writers(plan);
    by_others += static_cast<int64_t>(plan.statistics.size()) - summed_by_writers(plan);
  }
  EXPECT_GT(by_writers, 10);
  EXPECT_GT(by_others, 0);
}

TEST(Sums, AConvSumsItsResultAndElseKeepsItsKernel) {
  NetworkBuilder network(1, 8);
  const ValueId first = network.conv({network.image()}, 8, NetworkBuilder::around());
  network.keep(network.instance_norm(first));
  network.keep(network.conv({first}, 8, NetworkBuilder::around()));
  const Plan plan = make_plan(network.finish(), Rounding::kFloat);
  ASSERT_EQ(plan.statistics.size(), 1U);
  EXPECT_EQ(summed_by_writers(plan), 1) << print(plan);
  // Of two convs that are alike, one sums.
  const auto sums = [](const KernelSpec& spec) { return spec.summed >= 0; };
  const auto convolves = [](const KernelSpec& spec) { return !spec.convs.empty(); };
  EXPECT_EQ(std::count_if(plan.kernels.begin(), plan.kernels.end(), sums), 1);
  EXPECT_EQ(std::count_if(plan.kernels.begin(), plan.kernels.end(), convolves), 2);
}

TEST(Sums, OfWhatNoKernelCanSumAnotherKernelReadsTheRows) {
  NetworkBuilder of_image(1, 8);
  of_image.keep(of_image.instance_norm(of_image.image()));
  EXPECT_EQ(summed_by_writers(make_plan(of_image.finish(), Rounding::kFloat)), 0);

  NetworkBuilder of_pairs(1, 8);
  const ValueId small = of_pairs.max_pool(of_pairs.image(), {2, 2}, {2, 2}, {0, 0, 0, 0});
  of_pairs.keep(of_pairs.instance_norm(of_pairs.conv({of_pairs.resize_by(small, 2, 1)}, 8, NetworkBuilder::around())));
  const Plan pairs = make_plan(of_pairs.finish(), Rounding::kFloat);
  ASSERT_TRUE(std::any_of(pairs.kernels.begin(), pairs.kernels.end(), [](const KernelSpec& spec) {
    return !spec.convs.empty() && spec.convs.front().upsampled;
  })) << print(pairs);
  EXPECT_EQ(summed_by_writers(pairs), 0);

  NetworkBuilder twice(1, 8);
  const ValueId value = twice.conv({twice.image()}, 8, NetworkBuilder::around());
  twice.keep(twice.instance_norm(value));
  twice.keep(twice.instance_norm(value));
  const Plan two = make_plan(twice.finish(), Rounding::kFloat);
  EXPECT_EQ(two.statistics.size(), 2U);
  EXPECT_EQ(summed_by_writers(two), 1);
}

}  // namespace
}  // namespace qatc::testing
