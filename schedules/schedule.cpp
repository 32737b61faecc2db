#include "schedules/schedule.h"

#include <algorithm>

#include "lower/buffer.h"
#include "schedules/matrix_conv.h"
#include "schedules/pixel_lanes_conv.h"
#include "schedules/products.h"
#include "schedules/upsampled_conv.h"

namespace qatc {

namespace {

using Halide::Expr;
using Halide::Func;
using Halide::MemoryType;
using Halide::RVar;
using Halide::Stage;
using Halide::TailStrategy;
using Halide::Var;

/// How the lanes of a tile's vectors run: along the channels of one pixel, or, where neighbouring pixels lie side by
/// side, across pixels.
struct TileLanes {
  int across = 0;  // lanes across pixels; 0: along channels

  template <class FuncOrStage>
  void vectorize(FuncOrStage& loops, const Var& c, const Var& x) const {
    if (across == 0) {
      loops.vectorize(c).unroll(x);
      return;
    }
    Var lane("lane"), lanes("lanes");
    loops.fuse(c, x, lane).split(lane, lanes, lane, across, TailStrategy::GuardWithIf).vectorize(lane).unroll(lanes);
  }
};

TileLanes tile_lanes(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa) {
  return {static_cast<int>(lanes_across_pixels(spec, schedule, isa))};
}

/// Tiles the output in `channels` x `pixels`; the last tile of a row is shifted inwards and computes some pixels twice.
void tile_output(Stage stage, const LoweredKernel& kernel, const Var& co, const Var& xo, int channels, int pixels,
                 const TileLanes& lanes) {
  stage.split(kernel.c, co, kernel.c, channels, TailStrategy::RoundUp)
      .split(kernel.x, xo, kernel.x, pixels, TailStrategy::ShiftInwards)
      .reorder({kernel.c, kernel.x, co, xo, kernel.y});
  lanes.vectorize(stage, kernel.c, kernel.x);
}

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

void schedule_tile_steps(LoweredKernel& kernel, const Var& co, int channels, const TileLanes& lanes) {
  for (TileStep& step : kernel.tile_steps) {
    step.func.compute_at(kernel.out, co).store_in(MemoryType::Stack).bound_extent(kernel.c, channels * step.groups);
    (step.by_channel ? TileLanes{} : lanes).vectorize(step.func, kernel.c, kernel.x);
  }
}

void schedule_conv_kernel(LoweredKernel& kernel, const KernelSpec& spec, const KernelSchedule& schedule, Isa isa) {
  const auto channels = static_cast<int>(schedule.channels);
  const Expr width = kernel.out.output_buffers()[0].dim(1).extent();
  Var co("co"), xo("xo");
  kernel.out.compute_root();
  const auto pixels = static_cast<int>(schedule.pixels);
  if (kernel.pixel_tiles) {
    schedule_pixel_tiles(kernel, spec, schedule, isa);
    kernel.out.update(1)
        .split(kernel.c, co, kernel.c, channels, TailStrategy::RoundUp)
        .reorder({kernel.c, co, RVar(kernel.narrow.x), kernel.y})
        .vectorize(kernel.c);
    schedule_conv(kernel.convs.front(), spec.convs.front(), spec, kernel, schedule, co, xo, isa);
    schedule_tile_steps(kernel, co, channels, {});
    return;
  }
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

void schedule_elementwise(LoweredKernel& kernel, const KernelSpec& spec, const KernelSchedule& schedule, Isa isa) {
  const Expr width = kernel.out.output_buffers()[0].dim(1).extent();
  const auto pixels = static_cast<int>(schedule.pixels);
  Var co("co"), xo("xo");
  kernel.out.compute_root();
  const auto channels = static_cast<int>(schedule.channels);
  const TileLanes lanes = tile_lanes(spec, schedule, isa);
  tile_output(kernel.out.specialize(width >= pixels), kernel, co, xo, channels, pixels, lanes);
  tile_output(kernel.out, kernel, co, xo, channels, 1, {});
  schedule_tile_steps(kernel, co, channels, lanes);
}

void schedule_channel_sums(LoweredKernel& kernel, const KernelSpec& spec, const KernelSchedule& schedule, Isa isa) {
  Func& sums = kernel.convs[0].accumulator;
  const Var place = sums.args()[1];
  const auto v = static_cast<int>(channel_sums_vector(isa, spec.out_channels));
  const auto chunk = static_cast<int>(schedule.channels);
  Var co("co");
  kernel.out.compute_root()
      .split(kernel.c, co, kernel.c, chunk, TailStrategy::RoundUp)
      .reorder({kernel.c, co, kernel.y});
  kernel.out.vectorize(kernel.c, v).unroll(kernel.c);
  sums.compute_at(kernel.out, co).store_in(MemoryType::Stack).bound_extent(kernel.c, chunk);
  sums.bound(place, 0, static_cast<int>(schedule.pixels)).vectorize(kernel.c, v).unroll(kernel.c).unroll(place);
  for (size_t i = 0; i < kernel.convs[0].taps.size(); ++i) {
    std::vector<Halide::VarOrRVar> order{kernel.c, RVar(kernel.convs[0].taps[i]), kernel.y};
    if (i == 0) order.insert(order.begin() + 1, place);
    Stage update = sums.update(static_cast<int>(i));
    update.reorder(order).vectorize(kernel.c, v).unroll(kernel.c);
    if (i == 0) update.unroll(place);
  }
}

}  // namespace

KernelKind kernel_kind(const KernelSpec& spec, Isa isa) {
  if (spec.channel_sums) return KernelKind::kChannelSums;
  if (spec.convs.empty()) return KernelKind::kElementwise;
  if (conv_layout(isa, spec.out_channels).matrix) return KernelKind::kMatrixConv;
  return spec.convs.front().upsampled ? KernelKind::kUpsampledConv : KernelKind::kConv;
}

void schedule_kernel(LoweredKernel& kernel, const KernelSpec& spec, const KernelSchedule& schedule, Isa isa) {
  switch (kernel_kind(spec, isa)) {
    case KernelKind::kElementwise:
      return schedule_elementwise(kernel, spec, schedule, isa);
    case KernelKind::kConv:
      return schedule_conv_kernel(kernel, spec, schedule, isa);
    case KernelKind::kUpsampledConv:
      return schedule_upsampled_conv(kernel, spec, schedule, isa);
    case KernelKind::kMatrixConv:
      return schedule_matrix_conv(kernel, schedule);
    case KernelKind::kChannelSums:
      return schedule_channel_sums(kernel, spec, schedule, isa);
  }
}

}  // namespace qatc
