#pragma once

#include "lower/kernel.h"
#include "schedules/isa.h"
#include "schedules/kernel_schedule.h"

namespace qatc {

/// Schedules kernel.pixel_tiles (lower/pixel_lanes_conv.h).
void schedule_pixel_tiles(LoweredKernel& kernel, const KernelSpec& spec, const KernelSchedule& schedule, Isa isa);

}  // namespace qatc
