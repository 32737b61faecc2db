#include "lower/channel_sums.h"

#include "lower/buffer.h"

namespace qatc {

using Halide::Expr;
using Halide::Func;
using Halide::ImageParam;
using Halide::RDom;
using Halide::Var;

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

}  // namespace qatc
