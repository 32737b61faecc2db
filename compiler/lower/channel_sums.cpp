#include "lower/channel_sums.h"

#include <functional>

#include "schedules/default_schedule.h"

namespace qatc {

using Halide::Expr;
using Halide::Func;
using Halide::ImageParam;
using Halide::RDom;
using Halide::Var;

namespace {

/// Of rows of `pixels` pixels, whose stored byte of channel kernel.c in row kernel.y is byte(pixel).
LoweredSums lower_sums(const LoweredKernel& kernel, int64_t places, const Expr& pixels, Isa isa,
                       const std::function<Expr(const Expr& pixel)>& byte) {
  LoweredSums lowered;
  const auto apart = static_cast<int>(places);
  const Halide::Type type = is_arm(isa) ? Halide::Int(32) : Halide::UInt(32);
  Func sums("row_sums");
  Var place("place");
  const Expr zero = Halide::Internal::make_zero(type);
  sums(kernel.c, place, kernel.y) = Halide::Tuple(zero, zero);
  const auto add = [&](const RDom& r, const Expr& at, const Expr& pixel) {
    const Expr value = Halide::cast(type, byte(pixel));
    const Halide::FuncRef old = sums(kernel.c, at, kernel.y);
    sums(kernel.c, at, kernel.y) = Halide::Tuple(old[0] + value, old[1] + value * value);
    lowered.pixels.push_back(r);
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
    squares += count * kTakenOffSummed * kTakenOffSummed - sum * (2 * kTakenOffSummed);
    sum -= count * kTakenOffSummed;
  }
  lowered.accumulators = sums;
  lowered.out = Func("sums");
  lowered.out(kernel.c, kernel.y) = Halide::Tuple(Halide::cast<int32_t>(sum), Halide::cast<int32_t>(squares));
  return lowered;
}

}  // namespace

LoweredKernel lower_channel_sums(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa,
                                 const KernelParams& params) {
  LoweredKernel kernel;
  const ImageParam in = params.image({KernelArgument::Kind::kInput, spec.summed});
  const auto channels = static_cast<int>(spec.out_channels);
  const int64_t places = schedule.scheduler == Scheduler::kTemplates ? schedule.pixels : 1;
  kernel.sums = lower_sums(kernel, places, in.dim(0).extent() / channels, isa,
                           [&](const Expr& pixel) { return in(pixel * channels + kernel.c, kernel.y); });
  bound_sums(kernel.sums->out, spec.out_channels);
  return kernel;
}

void lower_sums_of_output(LoweredKernel& kernel, const KernelSpec& spec, Isa isa, const KernelParams& params) {
  const Expr row_pixels = params.scalar({KernelArgument::Kind::kRowPixels});
  const Expr row_pitch = params.scalar({KernelArgument::Kind::kRowPitch});
  const Halide::OutputImageParam buffer = kernel.out.output_buffers().front();
  const auto byte = [&](const Expr& pixel) -> Expr {
    // Rows of the sums are the output's, or lie in its only one: the driver binds the same rows to both, and row_pixels
    // is the output's width, or the pitch times all rows but one less than it. Promised, so that no more is computed.
    const Expr first = buffer.dim(2).min();
    const Expr column = pixel + (kernel.y - first) * row_pitch;
    const Expr row = Halide::select(row_pitch == 0, kernel.y, first);
    const Halide::FuncRef at =
        kernel.out(kernel.c, Halide::unsafe_promise_clamped(column, 0, buffer.dim(1).extent() - 1),
                   Halide::unsafe_promise_clamped(row, first, buffer.dim(2).max()));
    return spec.outputs.size() == 1 ? Expr(at) : Expr(at[spec.summed]);
  };
  kernel.sums = lower_sums(kernel, channel_sums_schedule(spec, isa).pixels, row_pixels, isa, byte);
  bound_sums(kernel.sums->out, spec.out_channels);
}

}  // namespace qatc
