#pragma once

#include "lower/kernel.h"
#include "plan/kernel.h"
#include "schedules/isa.h"
#include "schedules/kernel_schedule.h"

namespace qatc {

/// The template of convs with lanes along pixels (lower/pixel_lanes_conv.h): a tile's rows are transposed once for all
/// taps that read them, and its sums stay in registers.
void schedule_pixel_lanes_conv(LoweredKernel& kernel, const KernelSpec& spec, const KernelSchedule& schedule, Isa isa);

}  // namespace qatc
