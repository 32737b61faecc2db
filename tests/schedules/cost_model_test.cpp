#include "schedules/cost_model.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "schedules/candidates.h"
#include "schedules/conv_layout.h"
#include "schedules/default_schedule.h"
#include "schedules/kernel_specs.h"
#include "schedules/pixel_lanes.h"

namespace qatc::testing {
namespace {

TEST(CostModel, NoCandidateBeatsTheMachine) {
  for (Isa isa : kAllIsas) {
    for (const Core& core : cores(isa)) {
      for (const KernelSpec& spec : various_specs()) {
        for (const KernelSchedule& candidate : schedule_candidates(spec, isa)) {
          SCOPED_TRACE(std::string(core.name) + ", " + signature(spec) + ": " + to_string(candidate));
          const Prediction prediction = predict(spec, candidate, isa, core);
          EXPECT_GT(prediction.cycles, 0);
          EXPECT_LE(prediction.peak_share, 1);
          EXPECT_EQ(prediction.peak_share > 0, !spec.convs.empty());
        }
      }
    }
  }
}

// 32 channels of a 3x3 conv are 32 * 9 / 4 dot products of 16 lanes for two vectors of results: 2 a cycle at best.
TEST(CostModel, CountsTheProducts) {
  const KernelSpec spec = conv_spec({32}, 32, 3);
  KernelSchedule tile = default_schedule(spec, Isa::kX86Vnni);
  const Prediction prediction = predict(spec, tile, Isa::kX86Vnni, cores(Isa::kX86Vnni).front());
  EXPECT_NEAR(prediction.cycles * prediction.peak_share, 72, 1e-9);
}

TEST(CostModel, PrefersTilesThatReuseWhatTheyLoad) {
  const KernelSpec spec = conv_spec({64}, 64, 3);
  for (Isa isa : kAllIsas) {
    KernelSchedule small = default_schedule(spec, isa);
    small.channels = widest_conv_layout(isa, 64).vector;
    small.pixels = 1;
    // Where products take three instructions, loads are the smaller part of the work.
    const double most = isa == Isa::kArmBase ? 1.0 : 0.7;
    for (const Core& core : cores(isa)) {
      EXPECT_LT(predict(spec, default_schedule(spec, isa), isa, core).cycles,
                most * predict(spec, small, isa, core).cycles)
          << core.name;
    }
  }
}

TEST(CostModel, ChoosesNothingItFindsSlowerThanTheDefault) {
  for (Isa isa : kAllIsas) {
    for (const KernelSpec& spec : various_specs()) {
      std::vector<std::vector<double>> cycles;
      for (const KernelSchedule& schedule : {predicted_schedule(spec, isa), default_schedule(spec, isa)}) {
        std::vector<double>& of_cores = cycles.emplace_back();
        for (const Core& core : cores(isa)) of_cores.push_back(predict(spec, schedule, isa, core).cycles);
      }
      const std::vector<double> slowness = mean_slowness(cycles);
      EXPECT_LE(slowness[0], slowness[1]) << signature(spec);
    }
  }
}

// The second is twice as slow on one core, a little faster on the other.
TEST(CostModel, WeighsAllCores) {
  const std::vector<double> slowness = mean_slowness({{10, 10}, {20, 9}, {15, 15}});
  ASSERT_EQ(slowness.size(), 3U);
  EXPECT_NEAR(slowness[0], (1 + 10.0 / 9) / 2, 1e-12);
  EXPECT_NEAR(slowness[1], (2 + 1) / 2.0, 1e-12);
  EXPECT_NEAR(slowness[2], (1.5 + 15.0 / 9) / 2, 1e-12);
  EXPECT_TRUE(mean_slowness({}).empty());
}

TEST(CostModel, BestPredictedAreTheDefaultAndOthersInOrder) {
  for (Isa isa : kAllIsas) {
    for (const KernelSpec& spec : various_specs()) {
      const std::vector<KernelSchedule> few = best_predicted(spec, isa, 3, 1e9);
      const std::vector<KernelSchedule> all = best_predicted(spec, isa, 1000000, 1e9);
      EXPECT_EQ(few.front(), default_schedule(spec, isa));
      if (has_pixel_lanes(spec, few.front(), isa)) {  // of which nothing is predicted
        EXPECT_EQ(all.size(), 1U);
        continue;
      }
      for (const KernelSchedule& candidate : schedule_candidates(spec, isa)) {
        const auto same = std::count_if(
            all.begin(), all.end(), [&](const KernelSchedule& schedule) { return has_same_tile(schedule, candidate); });
        EXPECT_EQ(same, 1) << signature(spec) << ": " << to_string(candidate);
      }
      ASSERT_EQ(few.size(), std::min<size_t>(4, all.size()));
      EXPECT_TRUE(std::equal(few.begin(), few.end(), all.begin())) << signature(spec);
      const std::vector<KernelSchedule> near = best_predicted(spec, isa, 1000000, 1.1);
      ASSERT_LE(near.size(), all.size());
      EXPECT_TRUE(std::equal(near.begin(), near.end(), all.begin())) << signature(spec);
      std::vector<std::vector<double>> cycles;
      for (const KernelSchedule& schedule : all) {
        std::vector<double>& of_cores = cycles.emplace_back();
        for (const Core& core : cores(isa)) of_cores.push_back(predict(spec, schedule, isa, core).cycles);
      }
      const std::vector<double> slowness = mean_slowness(cycles);
      for (size_t i = 1; i < all.size(); ++i) EXPECT_EQ(slowness[i] <= 1.1 * slowness[0], i < near.size());
    }
  }
}

}  // namespace
}  // namespace qatc::testing
