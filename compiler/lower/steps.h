#pragma once

#include <Halide.h>

#include <vector>

#include "lower/buffer.h"
#include "plan/kernel.h"

namespace qatc {

/// Expressions of storage type for every step of `spec` at channel c, pixel (x, y): the formulas of
/// ops/requantize.h, operator by operator.
std::vector<Halide::Expr> lower_steps(const KernelSpec& spec, Isa isa, const KernelParams& params,
                                      const std::vector<Halide::Func>& accumulators, const Halide::Var& c,
                                      const Halide::Var& x, const Halide::Var& y);

}  // namespace qatc
