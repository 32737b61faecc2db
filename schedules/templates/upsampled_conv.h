#pragma once

#include "lower/kernel.h"
#include "plan/kernel.h"
#include "schedules/isa.h"
#include "schedules/kernel_schedule.h"

namespace qatc {

/// The template of upsampled convs (lower/upsampled_conv.h): a tile's sums of all three columns of taps stay in
/// registers until they are added.
void schedule_upsampled_conv(LoweredKernel& kernel, const KernelSpec& spec, const KernelSchedule& schedule, Isa isa);

}  // namespace qatc
