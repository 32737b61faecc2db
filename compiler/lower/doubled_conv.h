#pragma once

#include "lower/kernel.h"

namespace qatc {

// A 3x3 conv of an image that is seen doubled (plan/doubled_conv.h). The sums of the three columns of taps are kept apart
// until all products are added: sums(lane, tap column, place, y). Results are pairs (lane, side, x, y), side 0 or 1 of the
// two columns that pixel x of the image becomes:
//
//   side 0 = column 0 of pixel x - 1 + column 1 of pixel x + column 2 of pixel x
//   side 1 = column 0 of pixel x     + column 1 of pixel x + column 2 of pixel x + 1
//
// Column 0's place is its pixel plus one, so that a tile of n pixels takes places x to x + n of each.

/// `spec` has one conv, with KernelConv::doubled.
LoweredKernel lower_doubled_conv(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa);

}  // namespace qatc
