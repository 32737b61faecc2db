#include "schedules/templates/elementwise.h"

#include "schedules/templates/tiles.h"

namespace qatc {

using Halide::Expr;
using Halide::Var;

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

}  // namespace qatc
