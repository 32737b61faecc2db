#pragma once

#include <vector>

#include "lower/kernel.h"

namespace qatc {

/// Adds the steps of a kernel by pixel, after kernel.convs; returns what it stores, at (kernel.c, kernel.x, kernel.y).
std::vector<Halide::Expr> lower_pixel_steps(LoweredKernel& kernel, const KernelSpec& spec, Isa isa,
                                            const KernelParams& params);

/// Defines kernel.out by pixel, and what is known of its buffers.
void define_output(LoweredKernel& kernel, const KernelSpec& spec, const std::vector<Halide::Expr>& results);

/// Steps alone, whatever they are.
LoweredKernel lower_elementwise(const KernelSpec& spec, Isa isa, const KernelParams& params);

}  // namespace qatc
