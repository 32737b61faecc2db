#pragma once

#include "lower/kernel.h"

namespace qatc {

/// Per row, channel sums of q and q^2 (statistic 0 and 1), where q is the stored value around the middle of its range,
/// in [-128, 127]: exact in int32 for rows of up to kMaxTensorSide pixels. Every schedule.pixels-th pixel goes into the
/// same accumulators. For autoschedulers there is one set of them: Adams2019 fails on more.
///
/// x86 sums its unsigned bytes b = q + 128, whose squares are products of 16-bit halves: sum of q^2 =
/// sum of b^2 - 256 * sum of b + 128^2 * pixels. Unsigned, as parts of that may wrap around.
LoweredKernel lower_channel_sums(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa);

}  // namespace qatc
