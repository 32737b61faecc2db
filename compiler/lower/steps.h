#pragma once

#include <Halide.h>

#include <vector>

#include "lower/buffer.h"
#include "plan/kernel.h"

namespace qatc {

struct LoweredSteps {
  std::vector<Halide::Expr> values;  // of storage type, one per step, at channel c of pixel (x, y)
  /// What lookups index with, (c, x, y): computed for a whole tile before the first lookup, so that a table is loaded
  /// into registers once per tile and not once per pixel.
  std::vector<Halide::Func> codes;
};

/// The formulas of ops/requantize.h, operator by operator.
LoweredSteps lower_steps(const KernelSpec& spec, Isa isa, const KernelParams& params,
                         const std::vector<Halide::Func>& accumulators, const Halide::Var& c, const Halide::Var& x,
                         const Halide::Var& y);

}  // namespace qatc
