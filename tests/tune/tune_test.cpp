// The search end to end: real kernels, compiled, run and compared.

#include "tune/tune.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "emit/object.h"
#include "plan/stages.h"
#include "schedules/candidates.h"
#include "schedules/conv_layout.h"
#include "schedules/default_schedule.h"
#include "support/error.h"
#include "support/files.h"
#include "support/generated_library.h"
#include "support/network_builder.h"
#include "tune/mca.h"
#include "tune/measuring_program.h"

namespace qatc::testing {
namespace {

constexpr const char* kArmTarget = "arm-64-linux-arm_dot_prod";

Plan small_plan(Rounding rounding = Rounding::kFloat) {
  NetworkBuilder network(1, 3);
  const NetworkBuilder::ConvOptions conv = NetworkBuilder::around();
  const ValueId a = network.keep(network.lookup(network.conv({network.image()}, 16, conv)));
  const ValueId small = network.max_pool(a, {2, 2}, {2, 2}, {0, 0, 0, 0});
  const ValueId norm = network.instance_norm(network.conv({small}, 16, {}));
  network.keep(network.conv({network.resize(norm, {Extent::height(), Extent::width()}), a}, 12, conv));
  return make_plan(network.finish(), rounding);
}

TuneOptions small_options(const std::string& target) {
  TuneOptions options;
  options.target = parse_target(target);
  options.compiler = c_compiler(target);
  options.runner = runner(target);
  options.times = options.runner.empty();
  options.height = 24;
  options.width = 40;
  options.most_compiled = 3;
  options.most_measured = 2;
  return options;
}

class Tune : public ::testing::TestWithParam<const char*> {};

TEST_P(Tune, KeepsWhatItMeasuredBetter) {
  if (!can_run(GetParam())) GTEST_SKIP() << "this machine does not run " << GetParam();
  const Plan plan = small_plan();
  TuneOptions options = small_options(GetParam());
  std::vector<TunedKernel> kernels;
  options.report = [&](const TunedKernel& kernel) { kernels.push_back(kernel); };
  TunedTable table;
  table["of another network"] = {KernelSchedule{}, "time", 0.5, 1};
  tune(plan, options, table);
  EXPECT_EQ(table.count("of another network"), 1U);
  ASSERT_EQ(kernels.size(), plan.kernels.size());
  for (const TunedKernel& kernel : kernels) {
    const KernelSpec& spec = plan.kernels[static_cast<size_t>(kernel.kernel)];
    EXPECT_EQ(kernel.signature, signature(tiles_of(spec)));
    EXPECT_EQ(kernel.measure, options.times ? "time" : "model");
    EXPECT_EQ(kernel.tried.front().schedule, default_schedule(tiles_of(spec), options.target.isa));
    EXPECT_DOUBLE_EQ(kernel.tried.front().ratio, 1);
    for (const TriedSchedule& tried : kernel.tried) {
      EXPECT_TRUE(is_candidate(spec, tried.schedule, options.target.isa));
      EXPECT_GT(tried.modelled, 0);
    }
    ASSERT_EQ(table.count(kernel.signature), 1U) << kernel.signature;
    const TunedSchedule& entry = table.at(kernel.signature);
    EXPECT_EQ(entry.schedule, kernel.best);
    EXPECT_GT(entry.modelled, 0);
    if (kernel.best == default_schedule(spec, options.target.isa)) {
      EXPECT_EQ(entry.ratio, 1);
    } else {
      EXPECT_LE(entry.ratio, 0.98);
    }
  }
  EXPECT_EQ(table.size(), plan.kernels.size() + 1);
}
INSTANTIATE_TEST_SUITE_P(Targets, Tune, ::testing::Values("host", kArmTarget));

TEST(TuneBudget, EndsAfterTheFirstKernelThatExceedsIt) {
  TuneOptions options = small_options("host");
  options.times = false;
  options.budget_seconds = 0;
  int reported = 0;
  options.report = [&](const TunedKernel&) { ++reported; };
  TunedTable table;
  tune(small_plan(), options, table);
  EXPECT_EQ(reported, 1);
}

TEST(TuneRunner, MustEnd) {
  TuneOptions options = small_options("host");
  const TemporaryDirectory folder;
  const std::string script = folder.path() + "/hangs.sh";
  write_file_atomically(script, "#!/bin/sh\nsleep 100\n");
  std::filesystem::permissions(script, std::filesystem::perms::owner_all);
  options.runner = {script};
  options.budget_seconds = 0;
  options.least_run_seconds = 1;
  TunedTable table;
  try {
    tune(small_plan(), options, table);
    FAIL();
  } catch (const UserError& error) {
    EXPECT_EQ(error.what(),
              "--runner: " + script + " has not ended after 1 s; if that is no fault of it, raise --budget");
  }
  EXPECT_TRUE(table.empty());
}

TEST(TuneModel, IsDeterministic) {
  TuneOptions options = small_options(kArmTarget);
  std::vector<std::string> texts;
  for (int i = 0; i < 2; ++i) {
    TunedTable table;
    tune(small_plan(Rounding::kExact), options, table);
    texts.push_back(print_tuned_table(table, options.target.isa));
  }
  EXPECT_EQ(texts[0], texts[1]);
}

// What the measuring program is for: a candidate with other bytes is found. Its weights are those of another packing.
TEST(MeasuringProgram, FindsADifference) {
  const Plan plan = plan_of_tiles(small_plan());
  const Target target = parse_target("host");
  const std::vector<MeasuredCall> calls = measured_calls(plan, 24, 40);
  const auto conv = std::find_if(calls.begin(), calls.end(), [&](const MeasuredCall& call) {
    const KernelSpec& spec = plan.kernels[static_cast<size_t>(call.kernel)];
    return !spec.convs.empty() && spec.out_channels == 16;
  });
  ASSERT_NE(conv, calls.end());
  const KernelSpec& spec = plan.kernels[static_cast<size_t>(conv->kernel)];
  const KernelSchedule rule = default_schedule(spec, target.isa);
  KernelSchedule other = rule;
  other.channels = 4;
  other.pixels = 1;
  const TemporaryDirectory folder;
  std::vector<MeasuredCandidate> candidates;
  for (const KernelSchedule& packed_for : {rule, other}) {
    const std::string symbol = "kernel" + std::to_string(candidates.size());
    candidates.push_back({packed_for, symbol, folder.path() + "/" + symbol + ".o"});
    compile_kernel(spec, rule, target, symbol, candidates.back().object);
  }
  ASSERT_NE(filter_block(spec, rule, spec.convs[0], target.isa), filter_block(spec, other, spec.convs[0], target.isa));
  const std::string program = folder.path() + "/measure";
  build_measuring_program(plan, *conv, candidates, target, c_compiler("host"), folder.path(), program);
  EXPECT_EQ(run_checked({program}), "candidate 0 same\ncandidate 1 different\n");
}

// As many as a dense block's last conv reads.
TEST(MeasuringProgram, TakesAnyNumberOfInputs) {
  NetworkBuilder network(1, 4);
  std::vector<ValueId> inputs;
  for (int i = 0; i < 18; ++i) inputs.push_back(network.keep(network.lookup(network.image())));
  network.keep(network.conv(inputs, 8, {}));
  const Plan plan = plan_of_tiles(make_plan(network.finish(), Rounding::kFloat));
  const Target target = parse_target("host");
  const std::vector<MeasuredCall> calls = measured_calls(plan, 24, 40);
  const auto conv = std::find_if(calls.begin(), calls.end(), [&](const MeasuredCall& call) {
    return plan.kernels[static_cast<size_t>(call.kernel)].inputs.size() == 18;
  });
  ASSERT_NE(conv, calls.end()) << print(plan);
  const KernelSpec& spec = plan.kernels[static_cast<size_t>(conv->kernel)];
  const TemporaryDirectory folder;
  const MeasuredCandidate candidate{default_schedule(spec, target.isa), "kernel", folder.path() + "/kernel.o"};
  compile_kernel(spec, candidate.schedule, target, candidate.symbol, candidate.object);
  const std::string program = folder.path() + "/measure";
  build_measuring_program(plan, *conv, {candidate}, target, c_compiler("host"), folder.path(), program);
  EXPECT_EQ(run_checked({program}), "candidate 0 same\n");
}

TEST(Mca, AgreesWithTheLoopItIsGiven) {
  // Eight independent products on a core with two pipes for them.
  std::string loop;
  for (int i = 0; i < 8; ++i) loop += "sdot v" + std::to_string(i) + ".4s, v30.16b, v31.4b[0]\n";
  const auto cycles = mca_cycles(loop, parse_target(kArmTarget), cores(Isa::kArmDotprod).front());
  if (!cycles) GTEST_SKIP() << "llvm-mca is not installed";
  EXPECT_NEAR(*cycles, 4, 0.3);
}

}  // namespace
}  // namespace qatc::testing
