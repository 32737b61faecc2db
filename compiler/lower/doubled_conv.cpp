#include "lower/doubled_conv.h"

#include "lower/buffer.h"
#include "lower/steps.h"
#include "support/error.h"

namespace qatc {

namespace {

using Halide::cast;
using Halide::Expr;
using Halide::Func;
using Halide::ImageParam;
using Halide::RDom;
using Halide::Var;
using Kind = KernelArgument::Kind;

LoweredConv lower_sums(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa, const KernelParams& params,
                       const Var& y) {
  const KernelConv& conv = spec.convs.front();
  const auto channels = static_cast<int>(spec.inputs.front());
  const ConvLayout layout = conv_layout(isa, conv_lanes(spec, conv, isa));
  const auto terms = static_cast<int>(terms_of(conv, layout));
  const ImageParam in = params.image({Kind::kInput, conv.inputs.front()});
  const ImageParam filter = params.image({Kind::kFilter, 0, 0});
  const RDom r(0, channels / terms, 0, static_cast<int>(conv.kernel[0]), "taps");
  // An image row is two rows of the doubled image, which the taps' rows are counted in.
  const auto row = [&](const Expr& ky) { return (y + ky - 1) / 2; };
  Func operand("operand");
  if (layout.wide) {
    // By byte of the row, as in lower/kernel.cpp.
    Var byte("byte"), in_y("in_y");
    operand(byte, in_y) = cast<int16_t>(in(byte, in_y));
  } else {
    Var k("k"), column("column"), ky("ky");
    operand(k, column, y, ky) = in(column * channels + k, row(ky));
  }
  Var lane("lane"), tap("tap"), place("place");
  const Expr column = place - Halide::select(tap == 0, 1, 0);
  const auto value = [&](const Expr& byte) -> Expr {
    if (layout.wide) return operand(column * channels + byte, row(r.y));
    return operand(byte, column, y, r.y);
  };
  const int64_t block = filter_block(spec, schedule, conv, isa);
  const auto product = [&](const Expr& byte, const Halide::Type& type) {
    return cast(type, value(byte)) * cast(type, filter_at(filter, layout, block, lane, byte, tap, r.y));
  };
  LoweredConv lowered;
  lowered.accumulator = Func("sums");
  lowered.accumulator(lane, tap, place, y) = Halide::select(tap == 1, params.image({Kind::kCorrection, 0})(lane), 0);
  lowered.accumulator(lane, tap, place, y) += sum_of_terms(r.x, terms, layout, product);
  lowered.taps.push_back(r);
  lowered.operands.push_back(operand);
  return lowered;
}

}  // namespace

LoweredKernel lower_doubled_conv(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa) {
  QATC_CHECK(spec.convs.size() == 1 && spec.outputs.size() == 1, "a doubled conv is alone in its kernel");
  LoweredKernel kernel;
  const KernelParams params(spec, schedule, isa);
  kernel.convs.push_back(lower_sums(spec, schedule, isa, params, kernel.y));
  const Func& sums = kernel.convs.front().accumulator;
  Func accumulator("accumulator");
  Var lane("lane");
  accumulator(lane, kernel.side, kernel.x, kernel.y) = sums(lane, 0, kernel.x + kernel.side, kernel.y) +
                                                       sums(lane, 1, kernel.x, kernel.y) +
                                                       sums(lane, 2, kernel.x + kernel.side, kernel.y);
  const Site site{kernel.c, 2 * kernel.x + kernel.side, kernel.y, {kernel.side, kernel.x, kernel.y}};
  const LoweredSteps steps = lower_steps(spec, isa, params, {accumulator}, site);
  kernel.tile_steps = steps.tile_steps;
  kernel.out = Func("out");
  kernel.out(kernel.c, kernel.side, kernel.x, kernel.y) = steps.values[static_cast<size_t>(spec.outputs.front())];
  kernel.arguments = params.arguments();
  bound_pairs(kernel.out, spec.out_channels);
  return kernel;
}

}  // namespace qatc
