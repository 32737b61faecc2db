#pragma once

#include "lower/kernel.h"

namespace qatc {

// A 3x3 conv of an image that is seen upsampled (plan/upsampled_conv.h). Neighbouring columns and rows of the result
// read the same pixels, so sums of theirs are kept apart until all products are added.
//
// Columns: the sums of the three columns of taps are (lane, tap column, place, ...). Results are pairs (lane, side, x,
// ...), side 0 or 1 of the two columns that pixel x of the image becomes:
//
//   side 0 = column 0 of pixel x - 1 + column 1 of pixel x + column 2 of pixel x
//   side 1 = column 0 of pixel x     + column 1 of pixel x + column 2 of pixel x + 1
//
// Column 0's place is its pixel plus one, so that a tile of n pixels takes places x to x + n of each.
//
// Rows: 2y + 1 and 2y + 2 of the upsampled image are rows 0 and 1 of pair y. Both read row y of the image with the
// first row of taps and row y + 1 with the last; these products are summed once, and each adds those of its middle row
// of taps:
//
//   row 0 = first taps of y + last taps of y + 1 + middle taps of y
//   row 1 = first taps of y + last taps of y + 1 + middle taps of y + 1
//
// A call computes whole pairs or one row. At the borders of an odd height a row's last taps read row y or y + 2:
// argument kRowsApart says how far from y that is (qatc_take_pairs in qatc_driver_support.h).

/// `spec` has one conv, with KernelConv::upsampled. In `convs`: the sums that a pair's rows share, and those of each
/// row.
LoweredKernel lower_upsampled_conv(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa,
                                   const KernelParams& params);

}  // namespace qatc
