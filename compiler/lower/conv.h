#pragma once

#include "lower/kernel.h"

namespace qatc {

/// Conv `conv_index` of a kernel, by pixel: the sum over inputs, taps and channels of in * filter, started from the
/// correction. `x`, `y`: the output pixel.
LoweredConv lower_conv(const KernelSpec& spec, size_t conv_index, const KernelSchedule& schedule, Isa isa,
                       const KernelParams& params, const Halide::Var& x, const Halide::Var& y);

/// Convs, and steps behind them.
LoweredKernel lower_conv_kernel(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa,
                                const KernelParams& params);

}  // namespace qatc
