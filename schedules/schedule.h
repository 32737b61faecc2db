#pragma once

#include "lower/kernel.h"
#include "schedules/isa.h"
#include "schedules/kernel_schedule.h"

namespace qatc {

/// What decides on the template. Every kind of kernel has one: where an autoscheduler refuses, it is at hand.
enum class KernelKind : uint8_t {
  kElementwise,    // no reduction: vectors of channels, a few pixels unrolled; generic, whatever the steps are
  kConv,           // dot products into a register tile, the epilogue on the tile
  kMatrixConv,     // lower/matrix_conv.h
  kUpsampledConv,  // lower/upsampled_conv.h
  kChannelSums,
};
KernelKind kernel_kind(const KernelSpec& spec, Isa isa);

/// Schedules a lowered kernel for `isa` with the template of its kind. `schedule`: that which it was lowered for.
void schedule_kernel(LoweredKernel& kernel, const KernelSpec& spec, const KernelSchedule& schedule, Isa isa);

}  // namespace qatc
