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
};

struct LoweredSteps {
  std::vector<Halide::Expr> values;  // of storage type, one per step, at the site
  /// What lookups index with, by channel and pixel: computed for a whole tile before the first lookup, so that a table
  /// is loaded into registers once per tile and not once per pixel.
  std::vector<Halide::Func> codes;
};

/// The formulas of ops/requantize.h, operator by operator. `accumulators`: int32 (lane, pixel...), one per conv.
LoweredSteps lower_steps(const KernelSpec& spec, Isa isa, const KernelParams& params,
                         const std::vector<Halide::Func>& accumulators, const Site& site);

}  // namespace qatc
