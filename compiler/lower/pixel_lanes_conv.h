#pragma once

#include "lower/kernel.h"

namespace qatc {

// Convs with fewer lanes than a vector holds, as those to the three channels of an image: their vectors run along
// pixels. A product multiplies a word (four bytes) of 16 neighbouring pixels by the same four bytes of the filter.
//
// In memory the words of one pixel lie side by side, so tiles are transposed: qatc_pixel_word0of8 and so on
// (lower/intrinsics/pixel_word_ir.h). These read whole vectors of pixels, and the last tile of a row begins anywhere.
// So the tiles are part of the algorithm, as in lower/matrix_conv.h: tile t begins at column min(t * pixels, width -
// pixels). `out` has one update for rows of at least `pixels` columns, and one, pixel by pixel and with vectors along
// lanes, for narrower ones; both read the same filter.

/// `schedule` has pixel lanes (has_pixel_lanes in schedules/pixel_lanes.h).
LoweredKernel lower_pixel_lanes_conv(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa,
                                     const KernelParams& params);

}  // namespace qatc
