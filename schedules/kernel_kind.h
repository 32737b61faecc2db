#pragma once

#include "plan/kernel.h"
#include "schedules/isa.h"
#include "schedules/kernel_schedule.h"

namespace qatc {

/// What decides on a kernel's algorithm (lower/<kind>.h) and template (schedules/templates/<kind>.h). Every kind has a
/// template: where an autoscheduler refuses, it is at hand.
enum class KernelKind : uint8_t {
  kElementwise,  // no reduction: vectors of channels, a few pixels unrolled; generic, whatever the steps are
  kConv,         // dot products into a register tile, the epilogue on the tile
  kPixelLanesConv,
  kMatrixConv,
  kUpsampledConv,
  kChannelSums,
};
KernelKind kernel_kind(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa);

}  // namespace qatc
