#pragma once

#include "lower/kernel.h"
#include "schedules/isa.h"

namespace qatc {

/// Schedules a lowered kernel for `isa` with the template of its kind: conv (dot products into a register tile, the
/// epilogue on the tile), elementwise (channel vectors, a few pixels unrolled) or channel sums.
void schedule_kernel(LoweredKernel& kernel, const KernelSpec& spec, Isa isa);

}  // namespace qatc
