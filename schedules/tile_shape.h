#pragma once

#include <cstdint>

#include "plan/kernel.h"
#include "schedules/isa.h"
#include "schedules/kernel_schedule.h"

namespace qatc {

// What one iteration of the innermost loops computes, and what those loops are over.

/// Whether a conv is scheduled by the template of upsampled convs: not with matrix products.
bool uses_upsampled_template(const KernelConv& conv, Isa isa);

/// Output pixels of a tile. Those of an upsampled conv's schedule are the image's, two columns each.
int64_t tile_pixels(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa);

/// Pixels of a tile along a row, for qatc_flatten_rows (plan/flat_rows.h); 0 where an autoscheduler chose the loops. Of
/// kernels of calls with flat_rows.
int64_t flat_row_tile(const KernelSchedule& schedule);

/// Accumulators of a tile for one lane of a conv.
int64_t tile_sums(const KernelConv& conv, const KernelSchedule& schedule, Isa isa);

/// Columns of taps whose products are summed side by side: all that a row of taps has, or 1.
int64_t tap_columns(const KernelSpec& spec, const KernelConv& conv, const KernelSchedule& schedule, Isa isa);

/// Bytes of a vector that runs across a tile's pixels; 0: its vectors are the channels of one pixel. Of kernels with
/// one output row of pixels a tile: neither upsampled convs nor matrix products.
int64_t lanes_across_pixels(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa);

/// `schedule.unroll` as far as it divides `steps` >= 1.
int64_t unrolled_steps(const KernelSchedule& schedule, int64_t steps);

}  // namespace qatc
