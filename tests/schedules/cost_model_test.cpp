#include "schedules/cost_model.h"

#include <gtest/gtest.h>

#include "schedules/candidates.h"
#include "schedules/kernel_specs.h"

namespace qatc::testing {
namespace {

TEST(CostModel, NoCandidateBeatsTheMachine) {
  for (Isa isa : kEveryIsa) {
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
  for (Isa isa : kEveryIsa) {
    KernelSchedule small = default_schedule(spec, isa);
    small.channels = conv_layout(isa, 64).vector;
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
  for (Isa isa : kEveryIsa) {
    const Core& core = cores(isa).front();
    for (const KernelSpec& spec : various_specs()) {
      EXPECT_LE(predict(spec, predicted_schedule(spec, isa), isa, core).cycles,
                predict(spec, default_schedule(spec, isa), isa, core).cycles)
          << signature(spec);
    }
  }
}

}  // namespace
}  // namespace qatc::testing
