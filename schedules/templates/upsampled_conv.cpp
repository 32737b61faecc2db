#include "schedules/templates/upsampled_conv.h"

#include "lower/buffer.h"
#include "schedules/conv_layout.h"
#include "schedules/operand_loads.h"
#include "schedules/templates/products.h"
#include "schedules/tile_shape.h"

namespace qatc {

namespace {

using Halide::Expr;
using Halide::Func;
using Halide::MemoryType;
using Halide::RVar;
using Halide::Stage;
using Halide::TailStrategy;
using Halide::Var;

void tile_output(Stage stage, const LoweredKernel& kernel, const Var& co, const Var& xo, int channels, int pixels) {
  stage.split(kernel.c, co, kernel.c, channels, TailStrategy::RoundUp)
      .split(kernel.x, xo, kernel.x, pixels, TailStrategy::ShiftInwards)
      .reorder({kernel.c, kernel.side, kernel.x, kernel.row, co, xo, kernel.y})
      .vectorize(kernel.c)
      .unroll(kernel.side)
      .unroll(kernel.x);
}

/// `at`: the loop in which a tile's sums are begun.
void schedule_sums(LoweredConv& conv, const Func& out, const KernelSpec& spec, const KernelSchedule& schedule,
                   const Var& at, Isa isa) {
  const KernelConv& spec_conv = spec.convs.front();
  const ConvLayout layout = widest_conv_layout(isa, conv_lanes(spec, spec_conv, isa));
  const auto v = static_cast<int>(layout.vector);
  const auto red = static_cast<int>(layout.reduction);
  const auto terms = static_cast<int>(terms_of(spec_conv, layout));
  const int64_t channels = spec.inputs.front();
  const OperandLoads loads = operand_loads(spec, schedule, spec_conv, spec_conv.inputs.front());
  const int step = loads.step > 0 ? static_cast<int>(loads.step) : red * terms;
  const auto steps = unrolled_steps(schedule, channels / step);
  Func& sums = conv.accumulator;
  const Var lane = sums.args()[0];
  const Var tap = sums.args()[1];
  const Var place = sums.args()[2];
  const int64_t lanes = conv_lanes(spec, spec_conv, isa);
  sums.compute_at(out, at).store_in(MemoryType::Stack);
  if (lanes != spec.out_channels) sums.bound(lane, 0, static_cast<int>(lanes));
  sums.bound(tap, 0, static_cast<int>(spec_conv.kernel[1])).vectorize(lane, v).unroll(lane).unroll(tap).unroll(place);
  const Halide::RDom& r = conv.taps.front();
  Func& operand = conv.operands.front();
  const std::vector<Var> in = operand.args();
  const RVar rcu =
      schedule_products(sums.update(), lane, {tap, place}, r, layout, {step, terms, static_cast<int>(steps)});
  if (loads.step > 0) {
    const auto vector = static_cast<int>(loads.vector);
    operand.compute_at(sums, rcu).store_in(MemoryType::Stack);
    operand.bound_extent(in[0], (step + vector - 1) / vector * vector).vectorize(in[0], vector).unroll(in[1]);
  }
}

}  // namespace

void schedule_upsampled_conv(LoweredKernel& kernel, const KernelSpec& spec, const KernelSchedule& schedule, Isa isa) {
  const auto channels = static_cast<int>(schedule.channels);
  const auto pixels = static_cast<int>(schedule.pixels);
  Var co("co"), xo("xo");
  kernel.out.compute_root();
  if (pixels > 1) {
    const Expr width = kernel.out.output_buffer().dim(2).extent();
    tile_output(kernel.out.specialize(width >= pixels), kernel, co, xo, channels, pixels);
  }
  tile_output(kernel.out, kernel, co, xo, channels, 1);
  schedule_sums(kernel.convs.front(), kernel.out, spec, schedule, co, isa);
  schedule_sums(kernel.convs.back(), kernel.out, spec, schedule, kernel.row, isa);
  if (widest_conv_layout(isa, spec.out_channels).wide) {
    schedule_widened(kernel.convs.front().operands.front(), kernel.out, xo, static_cast<int>(spec.inputs.front()));
  }
  for (TileStep& step : kernel.tile_steps) {
    step.func.compute_at(kernel.out, kernel.row).store_in(MemoryType::Stack).bound_extent(kernel.c, channels);
    step.func.vectorize(kernel.c).unroll(kernel.side).unroll(kernel.x);
  }
}

}  // namespace qatc
