#pragma once

#include "lower/kernel.h"
#include "plan/kernel.h"
#include "schedules/isa.h"
#include "schedules/kernel_schedule.h"

namespace qatc {

/// The template of channel sums (lower/channel_sums.h): all accumulators of a lane tile stay in registers along a row.
/// Those of a kernel's output follow all of its tiles: `schedule` is theirs then, not the kernel's.
void schedule_channel_sums(LoweredKernel& kernel, const KernelSpec& spec, const KernelSchedule& schedule, Isa isa);

}  // namespace qatc
