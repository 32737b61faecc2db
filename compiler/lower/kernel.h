#pragma once

#include <Halide.h>

#include <optional>
#include <vector>

#include "lower/steps.h"
#include "plan/kernel.h"
#include "schedules/isa.h"
#include "schedules/kernel_schedule.h"

namespace qatc {

/// The Halide algorithm of one reduction of a kernel, with what its schedule needs to name. What dimensions there are
/// beside the first is the kind of kernel's (lower/<kind>.h).
struct LoweredConv {
  Halide::Func accumulator;            // int32 (lane, x, y) of a plain conv
  std::vector<Halide::RDom> taps;      // of each update; of a plain conv (byte of the run, of the first of several
                                       // terms; run; ky), one per input
  std::vector<Halide::Func> operands;  // the input as the conv reads it, one per input: widened or loaded by lane
};

/// What a tile reads of an input, copied once for all its lanes: uint64 (pixel of the pair, word, pair, run, ky, tile,
/// rows...).
struct PackedOperand {
  Halide::Func func;
  int64_t words;
  int64_t vector;  // words that are loaded at once; divides them
};

/// The algorithm of a kernel whose output is computed in tiles of `pixels` (lower/matrix_conv.h).
struct LoweredTiles {
  int64_t pixels;
  Halide::RDom tiles;  // (half of the tile, pair, tile of the row)
  std::vector<LoweredConv> convs;
  std::vector<Halide::Func> stored_sums;
  std::vector<PackedOperand> operands;
  std::vector<TileStep> tile_steps;  // (c, half, pair, tile, rows...)
};

/// The algorithm of the tiles of a conv with lanes along pixels (lower/pixel_lanes_conv.h).
struct LoweredPixelTiles {
  Halide::RDom bytes;                // (byte of a tile's result, tile of the row)
  Halide::Func words;                // uint8 (byte of all pixels' words, word, row, tile): the input, transposed
  Halide::Func sums;                 // int32 (pixel, channel, digit, tile, y)
  Halide::RDom taps;                 // (byte of the word, word, kx, ky)
  std::vector<TileStep> tile_steps;  // (c, pixel, tile, y)
  Halide::RDom narrow;               // columns of a row that is too narrow for tiles
};

/// Rows of the caller's image (lower/image_rows.h).
struct LoweredImageRows {
  Halide::Func codes;         // (byte of the row, y)
  Halide::Func side_by_side;  // (value of the row, y): what is read
  Halide::Expr in_order;      // whether channels are not reversed
};

/// Sums over rows (lower/channel_sums.h).
struct LoweredSums {
  Halide::Func out;                  // int32 (c, y): the sum, the sum of squares
  Halide::Func accumulators;         // (c, place, y): of every n-th pixel, from `place` on
  std::vector<Halide::RDom> pixels;  // of each update
};

/// The algorithm of one kernel, unscheduled.
struct LoweredKernel {
  Halide::Var c{"c"}, x{"x"}, y{"y"};
  Halide::Var side{"side"}, row{"row"};     // of an upsampled conv: column and row of the pair (x, y)
  std::vector<Halide::Argument> arguments;  // in the order of kernel_arguments(), without the outputs
  std::vector<LoweredConv> convs;
  std::vector<TileStep> tile_steps;
  std::vector<LoweredTiles> tiles;               // one per update of `out`, instead of convs and tile_steps
  std::optional<LoweredPixelTiles> pixel_tiles;  // then update 0 of `out` is theirs, update 1 what is above
  std::optional<LoweredImageRows> image_rows;    // what it reads
  Halide::Func out;                              // of what is stored, undefined where that is sums only
  std::optional<LoweredSums> sums;               // of `out` or of the input
};

/// Builds the algorithm of `spec` for the storage type of `isa` and the filter layout of `schedule`.
LoweredKernel lower_kernel(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa);

/// What its function stores, in the order of kernel_arguments().
std::vector<Halide::Func> outputs_of(const LoweredKernel& kernel);

}  // namespace qatc
