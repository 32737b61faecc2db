#include "lower/kernel.h"

#include <map>

#include "lower/buffer.h"
#include "lower/steps.h"
#include "support/error.h"

namespace qatc {

namespace {

using Halide::Expr;
using Halide::Func;
using Halide::ImageParam;
using Halide::RDom;
using Halide::Var;

/// sum over inputs, taps and channels of in * filter, started from the correction.
LoweredConv lower_conv(const KernelSpec& spec, size_t conv_index, Isa isa, const KernelParams& params,
                       const Var& x, const Var& y) {
  const KernelConv& conv = spec.convs[conv_index];
  const int64_t lanes = spec.out_channels * conv.digits;
  const ConvLayout layout = conv_layout(isa, lanes);
  const std::string suffix = std::to_string(conv_index);
  LoweredConv lowered;
  Var lane("lane");
  lowered.accumulator = Func("accumulator" + suffix);
  lowered.accumulator(lane, x, y) =
      params.image({KernelArgument::Kind::kCorrection, static_cast<int>(conv_index)})(lane);
  for (size_t i = 0; i < conv.inputs.size(); ++i) {
    const ImageParam in = params.image({KernelArgument::Kind::kInput, conv.inputs[i]});
    const ImageParam filter =
        params.image({KernelArgument::Kind::kFilter, static_cast<int>(conv_index), static_cast<int>(i)});
    const auto channels = static_cast<int>(spec.inputs[static_cast<size_t>(conv.inputs[i])]);
    const RDom r(0, channels, 0, static_cast<int>(conv.kernel[1]), 0, static_cast<int>(conv.kernel[0]),
                 "taps" + suffix + "_" + std::to_string(i));
    Func operand("operand" + suffix + "_" + std::to_string(i));
    Var ic("ic"), ix("ix"), iy("iy");
    operand(ic, ix, iy) = layout.wide ? Halide::cast<int16_t>(in(ic, ix, iy)) : Expr(in(ic, ix, iy));
    const auto v = static_cast<int>(layout.vector);
    const auto red = static_cast<int>(layout.reduction);
    const Expr in_x = x * static_cast<int>(conv.stride[1]) + r.y * static_cast<int>(conv.dilation[1]) -
                      static_cast<int>(conv.pad[1]);
    const Expr in_y = y * static_cast<int>(conv.stride[0]) + r.z * static_cast<int>(conv.dilation[0]) -
                      static_cast<int>(conv.pad[0]);
    const Expr weight = filter(r.x % red, lane % v, r.x / red, r.y, r.z, lane / v);
    lowered.accumulator(lane, x, y) +=
        Halide::cast<int32_t>(operand(r.x, in_x, in_y)) * Halide::cast<int32_t>(weight);
    lowered.taps.push_back(r);
    lowered.operands.push_back(operand);
  }
  return lowered;
}

/// Per row, channel sums of q and q^2 (statistic 0 and 1): exact in int32 for up to 2^31 / 255^2 = 33025
/// pixels a row.
LoweredKernel lower_channel_sums(const KernelSpec& spec, Isa isa) {
  LoweredKernel kernel;
  const KernelParams params(spec, isa);
  const ImageParam in = params.image({KernelArgument::Kind::kInput, 0});
  const RDom r(0, in.dim(1).extent(), "pixels");
  Func sums("sums");
  const Expr q = Halide::cast<int32_t>(in(kernel.c, r, kernel.y));
  sums(kernel.c, kernel.y) = Halide::Tuple(Expr(0), Expr(0));
  sums(kernel.c, kernel.y) =
      Halide::Tuple(sums(kernel.c, kernel.y)[0] + q, sums(kernel.c, kernel.y)[1] + q * q);
  kernel.out = Func("out");
  kernel.out(kernel.c, kernel.y) = sums(kernel.c, kernel.y);
  kernel.convs.push_back({sums, {r}, {}});
  kernel.arguments = params.arguments();
  bound_sums(kernel.out, spec.out_channels);
  return kernel;
}

}  // namespace

LoweredKernel lower_kernel(const KernelSpec& spec, Isa isa) {
  if (spec.channel_sums) return lower_channel_sums(spec, isa);
  LoweredKernel kernel;
  const KernelParams params(spec, isa);
  for (size_t i = 0; i < spec.convs.size(); ++i) {
    kernel.convs.push_back(lower_conv(spec, i, isa, params, kernel.x, kernel.y));
  }
  std::vector<Func> accumulators;
  for (const LoweredConv& conv : kernel.convs) accumulators.push_back(conv.accumulator);
  const std::vector<Expr> steps = lower_steps(spec, isa, params, accumulators, kernel.c, kernel.x, kernel.y);
  std::vector<Expr> results;
  for (int step : spec.outputs) results.push_back(steps[static_cast<size_t>(step)]);
  kernel.out = Func("out");
  if (results.size() == 1) {
    kernel.out(kernel.c, kernel.x, kernel.y) = results.front();
  } else {
    kernel.out(kernel.c, kernel.x, kernel.y) = Halide::Tuple(results);
  }
  kernel.arguments = params.arguments();
  bound_outputs(kernel.out, spec.out_channels, spec.out_pixel_stride);
  return kernel;
}

}  // namespace qatc
