#pragma once

#include <Halide.h>

#include "lower/kernel.h"
#include "plan/kernel.h"
#include "schedules/isa.h"
#include "schedules/kernel_schedule.h"

namespace qatc {

/// How the lanes of a tile's vectors run: along the channels of one pixel, or, where neighbouring pixels lie side by
/// side, across pixels.
struct TileLanes {
  int across = 0;  // lanes across pixels; 0: along channels

  template <class FuncOrStage>
  void vectorize(FuncOrStage& loops, const Halide::Var& c, const Halide::Var& x) const {
    if (across == 0) {
      loops.vectorize(c).unroll(x);
      return;
    }
    Halide::Var lane("lane"), lanes("lanes");
    loops.fuse(c, x, lane)
        .split(lane, lanes, lane, across, Halide::TailStrategy::GuardWithIf)
        .vectorize(lane)
        .unroll(lanes);
  }
};

TileLanes tile_lanes(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa);

/// Tiles the output in `channels` x `pixels`; the last tile of a row is shifted inwards and computes some pixels twice.
void tile_output(Halide::Stage stage, const LoweredKernel& kernel, const Halide::Var& co, const Halide::Var& xo,
                 int channels, int pixels, const TileLanes& lanes);

/// Steps that are computed for a whole tile, one after the other.
void schedule_tile_steps(LoweredKernel& kernel, const Halide::Var& co, int channels, const TileLanes& lanes);

}  // namespace qatc
