#pragma once

#include <Halide.h>

#include <vector>

#include "lower/buffer.h"
#include "plan/kernel.h"

namespace qatc {

/// Where steps are computed: channel `c` of the pixel in column `x` of row `y`.
struct Site {
  Halide::Var c;
  Halide::Expr x;
  Halide::Var y;
  /// The arguments, behind c, of a Func with one value per pixel: x and y, or a place in a tile (lower/matrix_conv.h).
  std::vector<Halide::Var> pixel;
  /// Vectors run along the first of `pixel`, not along channels.
  bool pixel_lanes = false;
};

struct TileStep {
  Halide::Func func;
  bool by_channel;
  int groups;  // of channels that it has: more than one for digits
};

struct LoweredSteps {
  std::vector<Halide::Expr> values;  // of storage type, one per step, at the site
  /// Steps that are computed for a whole tile before the next one begins, (c, pixel...), in order: those with arguments
  /// by channel, so that what follows them is free of channels and runs across pixels, and what lookups index with, so
  /// that a table is loaded into registers once per tile and not once per pixel.
  std::vector<TileStep> tile_steps;
};

/// The formulas of ops/requantize.h, operator by operator. `accumulators`: int32 (lane, pixel...), one per conv.
LoweredSteps lower_steps(const KernelSpec& spec, Isa isa, const KernelParams& params,
                         const std::vector<Halide::Func>& accumulators, const Site& site);

}  // namespace qatc
