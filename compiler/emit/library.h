#pragma once

#include <functional>
#include <string>
#include <vector>

#include "emit/choose_schedules.h"
#include "lower/target.h"
#include "plan/plan.h"
#include "schedules/kernel_schedule.h"

namespace qatc {

/// What a library is made for, and how the plan's kernels are scheduled for each of its targets.
struct LibraryTarget {
  TargetSet set;
  std::vector<std::vector<KernelSchedule>> schedules;  // by target, by kernel
};

/// See choose_schedules.
LibraryTarget schedule_library(const Plan& plan, TargetSet set, const ScheduleOptions& options = {});

struct LibraryOptions {
  std::string name;    // prefix of every symbol
  std::string output;  // folder, exists
  int jobs = 0;
  std::function<void(int done, int total)> progress;
};

/// Compiles a plan for all targets and writes headers, driver source, libraries and manifests (see compile.h).
void emit_libraries(const Plan& plan, const std::vector<LibraryTarget>& targets, const LibraryOptions& options);

}  // namespace qatc
