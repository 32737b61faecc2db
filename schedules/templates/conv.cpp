#include "schedules/templates/conv.h"

#include <algorithm>

#include "lower/buffer.h"
#include "schedules/conv_layout.h"
#include "schedules/operand_loads.h"
#include "schedules/templates/products.h"
#include "schedules/templates/tiles.h"
#include "schedules/tile_shape.h"

namespace qatc {

using Halide::Expr;
using Halide::Func;
using Halide::MemoryType;
using Halide::RVar;
using Halide::TailStrategy;
using Halide::Var;

void schedule_conv(LoweredConv& conv, const KernelConv& spec_conv, const KernelSpec& spec, const LoweredKernel& kernel,
                   const KernelSchedule& schedule, const Var& co, const Var& xo, Isa isa) {
  const int64_t lanes = conv_lanes(spec, spec_conv, isa);
  const ConvLayout layout = conv_layout(spec, spec_conv, schedule, isa);
  const auto v = static_cast<int>(layout.vector);
  const auto red = static_cast<int>(layout.reduction);
  Func& acc = conv.accumulator;
  const Var lane = acc.args()[0];
  const Var x = acc.args()[1];
  acc.compute_at(kernel.out, co).store_in(MemoryType::Stack).vectorize(lane, v).unroll(lane).unroll(x);
  if (lanes != spec.out_channels) acc.bound(lane, 0, static_cast<int>(lanes));
  for (size_t i = 0; i < conv.taps.size(); ++i) {
    const Halide::RDom& r = conv.taps[i];
    const int64_t channels = spec.inputs[static_cast<size_t>(spec_conv.inputs[i])];
    // The loop over a run is over so many bytes at once.
    const auto terms = static_cast<int>(terms_of(spec_conv, layout));
    const OperandLoads loads = operand_loads(spec, schedule, spec_conv, spec_conv.inputs[i]);
    Func& operand = conv.operands[i];
    const std::vector<Var> in = operand.args();
    // Loads bring a step of every pixel's run; every product takes its own by lane.
    const int step = loads.step > 0 ? static_cast<int>(loads.step) : red * terms;
    const auto columns = static_cast<int>(tap_columns(spec, spec_conv, schedule, isa));
    const int64_t length = conv_runs(spec, spec_conv, spec_conv.inputs[i]).length / columns;
    const auto steps = static_cast<int>(unrolled_steps(schedule, length / step));
    const RVar rcu =
        schedule_products(acc.update(static_cast<int>(i)), lane, {x}, r, layout, {step, terms, steps, columns});
    if (loads.step > 0) {
      const auto vector = static_cast<int>(loads.vector);
      operand.compute_at(acc, rcu).store_in(MemoryType::Stack).vectorize(in[0], vector, TailStrategy::RoundUp);
      operand.unroll(in[0]);
      if (!loads.shared) operand.bound_extent(in[0], (step + vector - 1) / vector * vector).unroll(in[1]);
    } else if (layout.wide) {
      schedule_widened(operand, kernel.out, xo, static_cast<int>(channels));
    }
  }
}

void schedule_conv_kernel(LoweredKernel& kernel, const KernelSpec& spec, const KernelSchedule& schedule, Isa isa) {
  const auto channels = static_cast<int>(schedule.channels);
  const Expr width = kernel.out.output_buffers()[0].dim(1).extent();
  Var co("co"), xo("xo");
  kernel.out.compute_root();
  const auto pixels = static_cast<int>(schedule.pixels);
  // Sums with lanes of padding between pixels are read channel by channel; steps that were stored lie close.
  const bool is_apart = pads_lanes(spec, isa) && kernel.tile_steps.empty();
  const TileLanes lanes = is_apart ? TileLanes{} : tile_lanes(spec, schedule, isa);
  if (pixels > 1) tile_output(kernel.out.specialize(width >= pixels), kernel, co, xo, channels, pixels, lanes);
  tile_output(kernel.out, kernel, co, xo, channels, 1, {});
  for (size_t i = 0; i < kernel.convs.size(); ++i) {
    schedule_conv(kernel.convs[i], spec.convs[i], spec, kernel, schedule, co, xo, isa);
  }
  schedule_tile_steps(kernel, co, channels, lanes);
}

}  // namespace qatc
