#include "schedules/templates/tiles.h"

#include "schedules/tile_shape.h"

namespace qatc {

using Halide::MemoryType;
using Halide::Stage;
using Halide::TailStrategy;
using Halide::Var;

TileLanes tile_lanes(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa) {
  return {static_cast<int>(lanes_across_pixels(spec, schedule, isa))};
}

void tile_output(Stage stage, const LoweredKernel& kernel, const Var& co, const Var& xo, int channels, int pixels,
                 const TileLanes& lanes) {
  stage.split(kernel.c, co, kernel.c, channels, TailStrategy::RoundUp)
      .split(kernel.x, xo, kernel.x, pixels, TailStrategy::ShiftInwards)
      .reorder({kernel.c, kernel.x, co, xo, kernel.y});
  lanes.vectorize(stage, kernel.c, kernel.x);
}

void schedule_tile_steps(LoweredKernel& kernel, const Var& co, int channels, const TileLanes& lanes) {
  for (TileStep& step : kernel.tile_steps) {
    step.func.compute_at(kernel.out, co).store_in(MemoryType::Stack).bound_extent(kernel.c, channels * step.groups);
    (step.by_channel ? TileLanes{} : lanes).vectorize(step.func, kernel.c, kernel.x);
  }
}

}  // namespace qatc
