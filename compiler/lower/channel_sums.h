#pragma once

#include "lower/buffer.h"
#include "lower/kernel.h"

namespace qatc {

// Per row, channel sums of q and q^2 (sums and squares), where q is the stored value around the middle of its range, in
// [-128, 127]: exact in int32 for rows of up to kMaxTensorSide pixels. Every n-th pixel goes into the same accumulators,
// n as KernelSchedule::pixels says. Of outputs it is always that of channel_sums_schedule(): tables know tiles, and a
// kernel's row in them is that of its tiles.
//
// x86 sums its unsigned bytes b = q + n with n = kTakenOffSummed, whose squares are products of 16-bit halves: sum of
// q^2 = sum of b^2 - 2n * sum of b + n^2 * pixels. Unsigned, as parts of that may wrap around. ARM's bytes are q.

/// Of a kernel's input, and nothing else. For autoschedulers there is one set of accumulators: Adams2019 fails on more.
LoweredKernel lower_channel_sums(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa,
                                 const KernelParams& params);

/// Adds those of outputs[summed] to the algorithm of a kernel that computes it, of rows as kRowPixels and kRowPitch say.
/// They are taken of what has been stored: where tiles overlap, what they compute twice would be summed twice.
void lower_sums_of_output(LoweredKernel& kernel, const KernelSpec& spec, Isa isa, const KernelParams& params);

}  // namespace qatc
