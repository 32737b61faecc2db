#pragma once

#include <cstdint>

#include "plan/kernel.h"
#include "schedules/isa.h"
#include "schedules/kernel_schedule.h"

namespace qatc {

/// Pixels of a tile whose vectors run along pixels (lower/pixel_lanes_conv.h), 0 where a kernel has no such form:
/// AVX-512 only, one conv with stride 1 to few channels, as heads are.
int64_t pixel_lanes(const KernelSpec& spec, Isa isa);

/// Rows of the input that such a tile keeps transposed: those of one row's taps, up to a power of two, so that a row's
/// place is a few bits of its number.
int64_t transposed_rows(const KernelConv& conv);

/// Whether this schedule takes that form.
bool has_pixel_lanes(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa);

}  // namespace qatc
