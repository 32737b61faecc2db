#pragma once

#include "lower/kernel.h"

namespace qatc {

// Convs by smmla, which multiplies two matrices of 2 x 8 bytes: a pair of lanes by a pair of pixels, eight bytes of
// each one's run, four sums in int32.
//
// Halide has no vectors of such a shape, so here eight bytes are one uint64, and so are the sums of one lane for two
// pixels (the first in the lower half). Three functions that Halide need not understand work on them;
// emit/matrix_product.h makes instructions of their calls:
//
//   uint64 qatc_load8(uint64 address, uint64 offset), qatc_load4(same)   eight bytes at address + offset; four, and
//       zeros above. Lanes with one address, at offsets 0, 8, 16..., are one load of a vector.
//   uint64 qatc_smmla(uint64 sums, uint64 filter, uint64 operand)   in vectors of two only: sums[l] holds both pixels of
//       lane l, filter[l] eight bytes of lane l, operand[p] eight bytes of pixel p, so each result needs both operands
//
// Which pixels make a pair must be known in terms of the tile, and the last tile of a row begins anywhere. So the tiles
// are part of the algorithm: tile t begins at column min(t * pixels, width - pixels), pixel u of its first half and
// pixel u of its second half are a pair, and `out` has one update for rows of at least `pixels` columns and one, pixel
// by pixel, for narrower ones.

inline constexpr const char* kLoad8 = "qatc_load8";
inline constexpr const char* kLoad4 = "qatc_load4";
inline constexpr const char* kSmmla = "qatc_smmla";

/// `spec` has convs; kernel.tiles is filled instead of kernel.convs.
LoweredKernel lower_matrix_conv(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa,
                                const KernelParams& params);

}  // namespace qatc
