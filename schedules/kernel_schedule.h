#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "plan/kernel.h"
#include "schedules/isa.h"
#include "schedules/scheduler.h"

namespace qatc {

/// How a kernel is scheduled: what a template (schedules/schedule.h) leaves open, or by which autoscheduler. A kernel's filters are packed for its schedule, so one
/// value goes through lowering, scheduling and packing.
struct KernelSchedule {
  /// Output channels and pixels that one iteration of the innermost loops computes: of a conv, all of it in registers.
  int64_t channels = 4;
  int64_t pixels = 1;
  /// Most bytes of a pixel's run (lower/buffer.h) that are loaded at once as one vector for dot products by lane (ARM);
  /// 0: each product reads memory.
  int64_t load = 0;
  /// Dot products of a tile along the reduction, or loads by lane, in one iteration of its innermost loop.
  int64_t unroll = 1;
  /// Where it is an autoscheduler, the rest only says how filters are packed.
  Scheduler scheduler = Scheduler::kTemplates;
  friend bool operator==(const KernelSchedule&, const KernelSchedule&) = default;
};

/// "channels=16 pixels=5 load=16"; see schedules/schedule_fields.h.
std::string to_string(const KernelSchedule& schedule);

/// A good schedule by rule: as large a tile as the registers of `isa` hold.
KernelSchedule default_schedule(const KernelSpec& spec, Isa isa);

/// The schedule of each kernel.
std::vector<KernelSchedule> choose_schedules(const std::vector<KernelSpec>& kernels, Isa isa);

/// Digit d of channel c is lane d * digit_stride + c: padding has no lanes of its own where vectors are so short that
/// this saves some.
int64_t digit_stride(const KernelSpec& spec, const KernelConv& conv, Isa isa);

/// Whether a conv is scheduled by the template of doubled convs: not with matrix products.
bool is_doubled(const KernelConv& conv, Isa isa);

/// Output pixels of a tile. Those of a doubled conv's schedule are the image's, two columns each.
int64_t tile_pixels(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa);

/// Accumulators of a tile for one lane of a conv.
int64_t tile_sums(const KernelConv& conv, const KernelSchedule& schedule, Isa isa);

/// Accumulator lanes of a conv: a multiple of 4.
int64_t conv_lanes(const KernelSpec& spec, const KernelConv& conv, Isa isa);

/// Lanes whose filter values lie together: those of one tile, so that its loop reads one stream. Element (ci %
/// reduction, lane % block, ci / reduction, kx, ky, lane / block), innermost first.
int64_t filter_block(const KernelSpec& spec, const KernelSchedule& schedule, const KernelConv& conv, Isa isa);

/// `schedule.unroll` as far as it divides `steps` >= 1.
int64_t unrolled_steps(const KernelSchedule& schedule, int64_t steps);

/// `schedule.load` as far as it divides runs of `run_length` bytes, a multiple of 4.
int64_t operand_load(const KernelSchedule& schedule, int64_t run_length);

}  // namespace qatc
