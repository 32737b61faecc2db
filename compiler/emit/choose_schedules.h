#pragma once

#include <functional>
#include <vector>

#include "lower/target.h"
#include "plan/kernel.h"
#include "schedules/known_schedule.h"
#include "schedules/scheduler.h"

namespace qatc {

struct ScheduleOptions {
  Scheduler scheduler = Scheduler::kTemplates;
  TunedTables tables;  // what they know goes before what qatc was built with
  int jobs = 0;        // candidates compiled at a time; 0: as many as cores
  /// Called with the number of compiled candidates and their total, where there are any.
  std::function<void(int done, int total)> progress;
};

/// The schedules that `compile` gives kernels, one each. As known_or_autoscheduled() says, but where that has no more
/// than a prediction, the few candidates that are predicted best are compiled to assembly, and what assembly_cost()
/// reads in it decides: the one that is closest to the best on all cores of the instruction set. The same on every
/// machine.
std::vector<ScheduleChoice> choose_schedules(const std::vector<KernelSpec>& kernels, const Target& target,
                                             const ScheduleOptions& options);

}  // namespace qatc
