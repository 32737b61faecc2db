#pragma once

#include <cstdint>
#include <string>

#include "schedules/scheduler.h"

namespace qatc {

// From a kernel to its schedule, in order:
//   rule        default_schedule.h: as large a tile as the registers hold
//   candidates  candidates.h: all schedules that the template can make and the machine holds
//   predict     cost_model.h: cycles from a tile's shape and a core's figures (cores.h); known_schedule.h picks by it
//   read code   assembly_cost.h: cycles from LLVM's assembly; emit/choose_schedules.h picks by it
//   measure     tune/tune.h: time or instructions; tuned_table.h keeps the best, which then go before all of the above

/// How a kernel is scheduled: what a template (schedules/templates/schedule_kernel.h) leaves open, or by which
/// autoscheduler. A kernel's filters are packed for its schedule, so one value goes through lowering, scheduling and
/// packing.
///
/// How an image's rows are split between threads and into bands is not among it. All kernels of a stage slide down the
/// image together and share windows of rows, so one split serves them all; and the numbers of threads, rows and columns
/// are known only when the library runs, which then decides (qatc_stripes, qatc_band_rows in qatc_driver_support.h).
struct KernelSchedule {
  /// Output channels and pixels that one iteration of the innermost loops computes: of a conv, all of it in registers.
  /// Pixels of an upsampled conv are those of the image before, two columns each (tile_pixels); channel sums have
  /// accumulators for each.
  int64_t channels = 4;
  int64_t pixels = 1;
  /// Most bytes of a pixel's run (ConvRuns in plan/kernel.h) that products by lane (ARM) take at once, see
  /// operand_loads.h; 0: each product reads memory.
  int64_t load = 0;
  /// Dot products of a tile along the reduction, or loads by lane, in one iteration of its innermost loop.
  int64_t unroll = 1;
  /// Most bytes of a vector: of a conv's int32 sums, of the results of a kernel without one; 0: as many as the
  /// instruction set is fastest with (conv_layout, byte_vector).
  int64_t vector = 0;
  /// 1: vectors of a tile's results run across its pixels where those lie side by side (lanes_across_pixels); 0: along
  /// the channels of each pixel.
  int64_t across = 1;
  /// 1: one iteration of a conv's innermost loop sums products of all columns of taps, and loads a pixel once for those
  /// that read it; 0: one column comes after the other (x86, see tap_columns).
  int64_t columns = 0;
  /// Where it is an autoscheduler, the rest only says how filters are packed.
  Scheduler scheduler = Scheduler::kTemplates;
  friend bool operator==(const KernelSchedule&, const KernelSchedule&) = default;
};

/// "channels=16 pixels=5 load=16"; see schedules/schedule_fields.h.
std::string to_string(const KernelSchedule& schedule);

}  // namespace qatc
