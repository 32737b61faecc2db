#pragma once

#include <functional>
#include <string>
#include <vector>

#include "lower/target.h"
#include "plan/plan.h"
#include "schedules/kernel_schedule.h"

namespace qatc {

/// A target and how the plan's kernels are scheduled for it, one each.
struct LibraryTarget {
  Target target;
  std::vector<KernelSchedule> schedules;
};

struct LibraryOptions {
  std::string name;    // prefix of every symbol
  std::string output;  // folder, exists
  int jobs = 0;
  std::function<void(int done, int total)> progress;
};

/// Compiles a plan for all targets and writes headers, driver source, libraries and manifests (see compile.h).
void emit_libraries(const Plan& plan, const std::vector<LibraryTarget>& targets, const LibraryOptions& options);

}  // namespace qatc
