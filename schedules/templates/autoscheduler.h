#pragma once

#include <optional>
#include <string>

#include "lower/kernel.h"
#include "lower/target.h"
#include "plan/kernel.h"
#include "schedules/kernel_schedule.h"
#include "schedules/known_schedule.h"
#include "schedules/scheduler.h"

namespace qatc {

// Halide's autoschedulers:
//   mullapudi2016  Mullapudi et al., "Automatically Scheduling Halide Image Processing Pipelines", 2016
//   adams2019      Adams et al., "Learning to Optimize Halide with Tree Search and Random Programs", 2019
// They come as plugins. From the first one's use on, the process sees no HL_ variables of its user's
// environment, some of which steer them: the same options give the same bytes everywhere.

/// Throws UserError when the file is missing or is no plugin of this Halide.
void load_autoscheduler(Scheduler scheduler, const std::string& path);
/// The file that came with the Halide that qatc was built with.
std::string autoscheduler_path(Scheduler scheduler);

/// Schedules a lowered kernel by an autoscheduler, then changes what it assumes about its callers into what ours
/// promise: images may be smaller than a tile, nothing beyond what is asked for is read or written, and threads are the
/// driver's. Throws UserError without the plugin, InternalError with the reason when it cannot be done; the kernel is
/// then spent.
void autoschedule_kernel(LoweredKernel& kernel, const KernelSpec& spec, Scheduler scheduler, const Target& target);

/// Why a kernel cannot be scheduled by `scheduler`, if so: autoschedule_kernel() throws, Halide cannot lower the
/// result, or what is kept between its loops is not of a small fixed size, which is all that fits on a stack: kernels
/// have no heap.
std::optional<std::string> autoscheduler_refusal(const KernelSpec& spec, const KernelSchedule& schedule,
                                                 Scheduler scheduler, const Target& target);

/// With `scheduler` the templates: known_schedule() by `table`. Else the kernel is lowered and scheduled by the autoscheduler, to
/// see whether it refuses; where it does, a template is taken, since every kind of kernel has one
/// (schedules/kernel_kind.h). Throws UserError where the autoscheduler is not installed.
ScheduleChoice known_or_autoscheduled(const KernelSpec& spec, const Target& target, Scheduler scheduler,
                                      const TunedTable& table);
/// With the table that qatc was built with.
ScheduleChoice known_or_autoscheduled(const KernelSpec& spec, const Target& target, Scheduler scheduler);

}  // namespace qatc
