#include "emit/choose_schedules.h"

#include <gtest/gtest.h>

#include "emit/object.h"
#include "schedules/assembly_cost.h"
#include "schedules/candidates.h"
#include "schedules/cost_model.h"
#include "schedules/default_schedule.h"
#include "schedules/kernel_specs.h"
#include "schedules/tuned_table.h"
#include "support/files.h"

namespace qatc::testing {
namespace {

/// In no table: 20 channels are of no network that is tuned for.
std::vector<KernelSpec> unknown_specs() { return {conv_spec({20}, 40, 3), lookup_spec(20), conv_spec({20}, 20, 1)}; }

/// Mean over the cores, to the default's.
double ratio_of_code(const KernelSpec& spec, const KernelSchedule& schedule, const Target& target) {
  const TemporaryDirectory folder;
  std::vector<std::vector<double>> cycles;
  for (const KernelSchedule& s : {default_schedule(spec, target.isa), schedule}) {
    const std::string path = folder.path() + "/kernel.s";
    compile_kernel_assembly(spec, s, target, "kernel", path);
    std::vector<double>& of_cores = cycles.emplace_back();
    for (const Core& core : cores(target.isa)) {
      of_cores.push_back(assembly_cost(read_file(path), spec, s, target.isa, core).value().cycles);
    }
  }
  const std::vector<double> slowness = mean_slowness(cycles);
  return slowness[1] / slowness[0];
}

TEST(ChooseSchedules, ChoosesByCodeWhatNoTableKnows) {
  for (const char* name :
       {"x86-64-linux", "x86-64-linux-avx2", "x86-64-linux-avx2-avxvnni", "x86-64-linux-avx512_sapphirerapids",
        "arm-64-linux", "arm-64-linux-arm_dot_prod", "arm-64-linux-arm_dot_prod-i8mm"}) {
    const Target target = parse_target(name);
    const std::vector<KernelSpec> specs = unknown_specs();
    int compiled = 0;
    ScheduleOptions options;
    options.progress = [&](int done, int) { compiled = done; };
    const std::vector<ScheduleChoice> choices = choose_schedules(specs, target, options);
    ASSERT_EQ(choices.size(), specs.size());
    EXPECT_GT(compiled, 0);
    for (size_t i = 0; i < specs.size(); ++i) {
      SCOPED_TRACE(std::string(name) + " " + signature(specs[i]) + ": " + to_string(choices[i].schedule));
      EXPECT_TRUE(is_candidate(specs[i], choices[i].schedule, target.isa));
      // Of some kernels without a conv, no other schedule is predicted to be nearly as good as the rule's.
      const bool has_rivals = !specs[i].convs.empty() || best_predicted(specs[i], target.isa, 1, 1.03).size() > 1;
      EXPECT_EQ(choices[i].source, has_rivals ? ScheduleSource::kGeneratedCode : ScheduleSource::kRule);
      if (choices[i].schedule == default_schedule(specs[i], target.isa)) {
        EXPECT_EQ(choices[i].ratio, 1);
      } else {
        EXPECT_LT(ratio_of_code(specs[i], choices[i].schedule, target), 1);
      }
    }
  }
}

TEST(ChooseSchedules, IsDeterministicWhateverRunsBesideIt) {
  const Target target = parse_target("arm-64-linux-arm_dot_prod");
  ScheduleOptions alone;
  alone.jobs = 1;
  const std::vector<ScheduleChoice> one = choose_schedules(unknown_specs(), target, alone);
  const std::vector<ScheduleChoice> many = choose_schedules(unknown_specs(), target, {});
  for (size_t i = 0; i < one.size(); ++i) {
    EXPECT_EQ(one[i].schedule, many[i].schedule);
    EXPECT_EQ(one[i].source, many[i].source);
    EXPECT_EQ(one[i].ratio, many[i].ratio);
  }
}

TEST(ChooseSchedules, CompilesNothingThatATableKnows) {
  const Target target = parse_target("arm-64-linux-arm_dot_prod");
  const KernelSpec spec = conv_spec({64}, 32, 3);
  KernelSpec known = spec;
  known.convs[0].pad = {1, 1};
  ASSERT_EQ(tuned_table(target.isa).count(signature(known)), 1U) << "another spec of the committed table is needed";
  const TunedSchedule& tuned = tuned_table(target.isa).at(signature(known));
  KernelSpec exact = known;
  exact.rounding = Rounding::kExact;
  ASSERT_EQ(tuned_table(target.isa).count(signature(exact)), 0U);
  bool has_compiled = false;
  ScheduleOptions options;
  options.progress = [&](int, int) { has_compiled = true; };
  const std::vector<ScheduleChoice> choices = choose_schedules({known, exact}, target, options);
  EXPECT_FALSE(has_compiled);
  for (const ScheduleChoice& choice : choices) {
    EXPECT_EQ(choice.source, ScheduleSource::kTunedTable);
    EXPECT_EQ(choice.schedule, tuned.schedule);
    EXPECT_EQ(choice.ratio, tuned.ratio);
  }
  EXPECT_EQ(choices[0].measure, tuned.measure);
  EXPECT_EQ(choices[1].measure, tuned.measure + " of float rounding");
}

}  // namespace
}  // namespace qatc::testing
