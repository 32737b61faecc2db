#include "schedules/templates/autoscheduler.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "lower/target.h"
#include "schedules/default_schedule.h"
#include "schedules/kernel_specs.h"
#include "schedules/known_schedule.h"
#include "support/error.h"

namespace qatc::testing {
namespace {

const std::vector<Scheduler> kAutoschedulers{Scheduler::kMullapudi2016, Scheduler::kAdams2019};

TEST(Autoscheduler, SchedulesWhatItCan) {
  const Target target = parse_target("x86-64-linux-avx2");
  for (const Scheduler scheduler : kAutoschedulers) {
    for (const KernelSpec& spec : {conv_spec({32}, 32, 3), conv_spec({4, 12}, 24, 1), lookup_spec(12)}) {
      const ScheduleChoice choice = known_or_autoscheduled(spec, target, scheduler);
      EXPECT_EQ(choice.refusal, "") << signature(spec);
      EXPECT_EQ(choice.source, ScheduleSource::kAutoscheduler);
      EXPECT_EQ(choice.schedule.scheduler, scheduler);
    }
  }
}

/// Filters are packed for the template's schedule, whoever schedules.
TEST(Autoscheduler, KeepsThePacking) {
  const Target target = parse_target("arm-64-linux-arm_dot_prod");
  const KernelSpec spec = conv_spec({32}, 32, 3);
  KernelSchedule expected = known_schedule(spec, target.isa).schedule;
  expected.scheduler = Scheduler::kMullapudi2016;
  EXPECT_EQ(known_or_autoscheduled(spec, target, Scheduler::kMullapudi2016).schedule, expected);
}

TEST(Autoscheduler, LeavesTheRestToTemplates) {
  const Target target = parse_target("arm-64-linux-arm_dot_prod-i8mm");
  const KernelSpec spec = conv_spec({32}, 32, 3);
  const ScheduleChoice choice = known_or_autoscheduled(spec, target, Scheduler::kAdams2019);
  EXPECT_EQ(choice.refusal, "its tiles are part of the algorithm");
  EXPECT_EQ(choice.schedule, known_schedule(spec, target.isa).schedule);
  EXPECT_NE(choice.source, ScheduleSource::kAutoscheduler);
}

TEST(Autoscheduler, IsNotAskedForTemplates) {
  const Target target = parse_target("x86-64-linux");
  const ScheduleChoice choice = known_or_autoscheduled(conv_spec({32}, 32, 3), target, Scheduler::kTemplates);
  EXPECT_EQ(choice.schedule, known_schedule(conv_spec({32}, 32, 3), target.isa).schedule);
  EXPECT_EQ(choice.refusal, "");
}

TEST(Autoscheduler, SeesNothingOfTheEnvironment) {
  setenv("HL_RANDOM_DROPOUT", "1", 1);
  const KernelSpec spec = lookup_spec(16);
  LoweredKernel kernel = lower_kernel(spec, default_schedule(spec, Isa::kX86Base), Isa::kX86Base);
  autoschedule_kernel(kernel, spec, Scheduler::kAdams2019, parse_target("x86-64-linux"));
  EXPECT_EQ(std::getenv("HL_RANDOM_DROPOUT"), nullptr);
  EXPECT_STREQ(std::getenv("HL_SEED"), "0");
}

TEST(Autoscheduler, SaysWhichPluginIsMissing) {
  try {
    load_autoscheduler(Scheduler::kAdams2019, "/nowhere/libautoschedule_adams2019.so");
    FAIL();
  } catch (const UserError& error) {
    EXPECT_STREQ(error.what(),
                 "--scheduler adams2019: there is no /nowhere/libautoschedule_adams2019.so; it is in Halide's -dev "
                 "package");
  }
}

TEST(Autoscheduler, SaysThatAFileIsNoPlugin) {
  try {
    load_autoscheduler(Scheduler::kAdams2019, "/dev/null");
    FAIL();
  } catch (const UserError& error) {
    EXPECT_NE(std::string(error.what()).find("--scheduler adams2019: "), std::string::npos) << error.what();
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace qatc::testing
