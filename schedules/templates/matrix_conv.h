#pragma once

#include "lower/kernel.h"
#include "schedules/kernel_schedule.h"

namespace qatc {

/// The template of kernels with matrix products (lower/matrix_conv.h): per tile, every input is copied into pairs of
/// pixels once; then, lane tile by lane tile, the sums of all pairs stay in registers.
void schedule_matrix_conv(LoweredKernel& kernel, const KernelSchedule& schedule);

}  // namespace qatc
