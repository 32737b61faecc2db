#pragma once

#include "lower/kernel.h"
#include "schedules/isa.h"
#include "schedules/kernel_schedule.h"

namespace qatc {

/// Schedules a lowered kernel for `isa` with the template of its kind: conv (dot products into a register tile, the
/// epilogue on the tile), elementwise (channel vectors, a few pixels unrolled) or channel sums. `schedule`: that which it
/// was lowered for.
void schedule_kernel(LoweredKernel& kernel, const KernelSpec& spec, const KernelSchedule& schedule, Isa isa);

}  // namespace qatc
