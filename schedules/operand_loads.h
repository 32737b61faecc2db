#pragma once

#include <cstdint>

#include "plan/kernel.h"
#include "schedules/kernel_schedule.h"

namespace qatc {

/// Bytes of a register that products by lane (ARM) read.
inline constexpr int64_t kOperandVector = 16;

/// How the pixels of a tile load what products by lane take of one input. Vectors may reach up to 12 bytes beyond the
/// last pixel's run: memory that a tensor provides (qatc_read_ahead in qatc_driver_support.h).
struct OperandLoads {
  int64_t step = 0;     // bytes of each pixel's run at once, a divisor of its length; 0: each product reads memory
  bool shared = false;  // the tile's bytes are loaded from the first pixel's on, else each pixel's own
  int64_t vector = 0;   // bytes of one load
  int64_t count = 0;    // of loads for a step of the whole tile
};

OperandLoads operand_loads(const KernelSpec& spec, const KernelSchedule& schedule, const KernelConv& conv, int input);

/// The longest step of any run of a kernel with convs where `load` > 0 is the most.
int64_t longest_step(const KernelSpec& spec, int64_t load);

/// The least load that takes every run in pieces of three products or more, as far as any load does: loops of fewer
/// products are mostly loads.
int64_t least_load(const KernelSpec& spec);

}  // namespace qatc
