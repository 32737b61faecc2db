#pragma once

#include "lower/kernel.h"
#include "plan/kernel.h"
#include "schedules/isa.h"
#include "schedules/kernel_schedule.h"

namespace qatc {

/// The template of kernels without a reduction: vectors of channels or across pixels, a few pixels unrolled; generic,
/// whatever the steps are.
void schedule_elementwise(LoweredKernel& kernel, const KernelSpec& spec, const KernelSchedule& schedule, Isa isa);

}  // namespace qatc
