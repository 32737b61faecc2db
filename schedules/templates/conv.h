#pragma once

#include "lower/kernel.h"
#include "plan/kernel.h"
#include "schedules/isa.h"
#include "schedules/kernel_schedule.h"

namespace qatc {

/// Schedules one conv: its sums are begun for each tile of channels `co`, in tiles of pixels `xo`.
void schedule_conv(LoweredConv& conv, const KernelConv& spec_conv, const KernelSpec& spec, const LoweredKernel& kernel,
                   const KernelSchedule& schedule, const Halide::Var& co, const Halide::Var& xo, Isa isa);

/// The template of convs (lower/conv.h): dot products into a tile of registers, the steps behind them on the tile.
void schedule_conv_kernel(LoweredKernel& kernel, const KernelSpec& spec, const KernelSchedule& schedule, Isa isa);

}  // namespace qatc
