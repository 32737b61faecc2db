#include "lower/kernel.h"

#include <map>

#include "lower/buffer.h"
#include "lower/matrix_conv.h"
#include "lower/pixel_lanes_conv.h"
#include "lower/steps.h"
#include "lower/upsampled_conv.h"
#include "support/error.h"

namespace qatc {

namespace {

using Halide::Expr;
using Halide::Func;
using Halide::ImageParam;
using Halide::RDom;
using Halide::Var;

/// sum over inputs, taps and channels of in * filter, started from the correction.
LoweredConv lower_conv(const KernelSpec& spec, size_t conv_index, const KernelSchedule& schedule, Isa isa,
                       const KernelParams& params, const Var& x, const Var& y) {
  const KernelConv& conv = spec.convs[conv_index];
  const ConvLayout layout = conv_layout(spec, conv, schedule, isa);
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
    const ConvRuns runs = conv_runs(spec, conv, conv.inputs[i]);
    const auto terms = static_cast<int>(terms_of(conv, layout));
    const RDom r(0, static_cast<int>(runs.length) / terms, 0, static_cast<int>(runs.count), 0,
                 static_cast<int>(conv.kernel[0]), "taps" + suffix + "_" + std::to_string(i));
    // Byte of the row where a run of output pixel x begins, and the row of a tap.
    const auto begin = [&](const Expr& run) {
      return (x * static_cast<int>(conv.stride[1]) + run * static_cast<int>(conv.dilation[1]) -
              static_cast<int>(conv.pad[1])) *
             channels;
    };
    const auto row = [&](const Expr& ky) {
      return y * static_cast<int>(conv.stride[0]) + ky * static_cast<int>(conv.dilation[0]) -
             static_cast<int>(conv.pad[0]);
    };
    Func operand("operand" + suffix + "_" + std::to_string(i));
    // Unsigned for no other reason than that Halide would let a tile's results of the same type use its memory after
    // it, and LLVM then keep both there.
    const Halide::Type operand_type = layout.wide ? Halide::Int(16) : Halide::UInt(8);
    const bool by_byte = layout.wide || operand_loads(spec, schedule, conv, conv.inputs[i]).shared;
    if (by_byte) {
      // By byte of the row: neighbouring pixels share what they read.
      Var byte("byte"), in_y("in_y");
      operand(byte, in_y) = Halide::cast(operand_type, in(byte, in_y));
    } else {
      // By pixel: what one load brings.
      Var k("k"), run("run"), ky("ky");
      operand(k, x, y, run, ky) = Halide::cast(operand_type, in(begin(run) + k, row(ky)));
    }
    const auto value = [&](const Expr& byte) -> Expr {
      if (layout.wide) return operand(begin(r.y) + byte, row(r.z));
      const Expr stored = by_byte ? operand(begin(r.y) + byte, row(r.z)) : operand(byte, x, y, r.y, r.z);
      return Halide::cast(storage_type(isa), stored);
    };
    const int64_t block = filter_block(spec, schedule, conv, isa);
    const auto product = [&](const Expr& byte, const Halide::Type& type) {
      return Halide::cast(type, value(byte)) *
             Halide::cast(type, filter_at(filter, layout, block, lane, byte, r.y, r.z));
    };
    lowered.accumulator(lane, x, y) += sum_of_terms(r.x, terms, layout, product);
    lowered.taps.push_back(r);
    lowered.operands.push_back(operand);
  }
  return lowered;
}

/// Per row, channel sums of q and q^2 (statistic 0 and 1), where q is the stored value around the middle of its range,
/// in [-128, 127]: exact in int32 for rows of up to kMaxTensorSide pixels. Every schedule.pixels-th pixel goes into the
/// same accumulators. For autoschedulers there is one set of them: Adams2019 fails on more.
///
/// x86 sums its unsigned bytes b = q + 128, whose squares are products of 16-bit halves: sum of q^2 =
/// sum of b^2 - 256 * sum of b + 128^2 * pixels. Unsigned, as parts of that may wrap around.
LoweredKernel lower_channel_sums(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa) {
  LoweredKernel kernel;
  const KernelParams params(spec, schedule, isa);
  const ImageParam in = params.image({KernelArgument::Kind::kInput, 0});
  const auto channels = static_cast<int>(spec.inputs[0]);
  const int apart = schedule.scheduler == Scheduler::kTemplates ? static_cast<int>(schedule.pixels) : 1;
  const Halide::Type type = is_arm(isa) ? Halide::Int(32) : Halide::UInt(32);
  const Expr pixels = in.dim(0).extent() / channels;
  Func sums("sums");
  Var place("place");
  const Expr zero = Halide::Internal::make_zero(type);
  sums(kernel.c, place, kernel.y) = Halide::Tuple(zero, zero);
  LoweredConv conv{sums, {}, {}};
  const auto add = [&](const RDom& r, const Expr& at, const Expr& pixel) {
    const Expr byte = Halide::cast(type, in(pixel * channels + kernel.c, kernel.y));
    const Halide::FuncRef old = sums(kernel.c, at, kernel.y);
    sums(kernel.c, at, kernel.y) = Halide::Tuple(old[0] + byte, old[1] + byte * byte);
    conv.taps.push_back(r);
  };
  const RDom groups(0, pixels / apart, "pixels");
  add(groups, place, groups * apart + place);
  const RDom rest(0, pixels % apart, "rest");
  if (apart > 1) add(rest, 0, pixels / apart * apart + rest);
  Expr sum = zero;
  Expr squares = zero;
  for (int i = 0; i < apart; ++i) {
    sum += Expr(sums(kernel.c, i, kernel.y)[0]);
    squares += Expr(sums(kernel.c, i, kernel.y)[1]);
  }
  if (!is_arm(isa)) {
    const Expr count = Halide::cast(type, pixels);
    squares += count * 128 * 128 - sum * 256;
    sum -= count * 128;
  }
  kernel.out = Func("out");
  kernel.out(kernel.c, kernel.y) = Halide::Tuple(Halide::cast<int32_t>(sum), Halide::cast<int32_t>(squares));
  kernel.convs.push_back(conv);
  kernel.arguments = params.arguments();
  bound_sums(kernel.out, spec.out_channels);
  return kernel;
}

}  // namespace

LoweredKernel lower_kernel(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa) {
  if (spec.channel_sums) return lower_channel_sums(spec, schedule, isa);
  if (!spec.convs.empty() && conv_layout(isa, spec.out_channels).matrix) return lower_matrix_conv(spec, schedule, isa);
  if (!spec.convs.empty() && spec.convs.front().upsampled) return lower_upsampled_conv(spec, schedule, isa);
  LoweredKernel kernel;
  const KernelParams params(spec, schedule, isa);
  for (size_t i = 0; i < spec.convs.size(); ++i) {
    kernel.convs.push_back(lower_conv(spec, i, schedule, isa, params, kernel.x, kernel.y));
  }
  std::vector<Func> accumulators;
  for (const LoweredConv& conv : kernel.convs) accumulators.push_back(conv.accumulator);
  const Site site{kernel.c, kernel.x, kernel.y, {kernel.x, kernel.y}};
  const LoweredSteps steps = lower_steps(spec, isa, params, accumulators, site);
  kernel.tile_steps = steps.tile_steps;
  std::vector<Expr> results;
  for (int step : spec.outputs) results.push_back(steps.values[static_cast<size_t>(step)]);
  kernel.out = Func("out");
  if (has_pixel_lanes(spec, schedule, isa)) {
    kernel.out(kernel.c, kernel.x, kernel.y) = Halide::undef(results.front().type());
    const Expr width = kernel.out.output_buffer().dim(1).extent();
    const auto pixels = static_cast<int>(schedule.pixels);
    const Expr is_wide = width >= pixels;
    lower_pixel_tiles(kernel, spec, schedule, isa, params, width,
                      Halide::select(is_wide, (width + pixels - 1) / pixels, 0));
    kernel.narrow = RDom(0, Halide::select(is_wide, 0, width), "narrow");
    // Never computed on its own: puts the domain in the place of the variable.
    Func pixel("pixel");
    pixel(kernel.c, kernel.x, kernel.y) = results.front();
    kernel.out(kernel.c, kernel.narrow, kernel.y) = pixel(kernel.c, kernel.narrow, kernel.y);
  } else if (results.size() == 1) {
    kernel.out(kernel.c, kernel.x, kernel.y) = results.front();
  } else {
    kernel.out(kernel.c, kernel.x, kernel.y) = Halide::Tuple(results);
  }
  kernel.arguments = params.arguments();
  bound_outputs(kernel.out, spec.out_channels, spec.out_pixel_stride);
  return kernel;
}

}  // namespace qatc
