#pragma once

#include "lower/kernel.h"
#include "plan/kernel.h"
#include "schedules/isa.h"
#include "schedules/kernel_schedule.h"

namespace qatc {

/// Schedules a lowered kernel for `isa` with the template of its kind. `schedule`: that which it was lowered for.
void schedule_kernel(LoweredKernel& kernel, const KernelSpec& spec, const KernelSchedule& schedule, Isa isa);

/// Only what it does to rows beside its tiles, whoever schedules these: loads them before, sums them after.
void schedule_rows(LoweredKernel& kernel, const KernelSpec& spec, Isa isa);

}  // namespace qatc
