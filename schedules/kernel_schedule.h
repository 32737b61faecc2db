#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "plan/kernel.h"
#include "schedules/isa.h"
#include "schedules/scheduler.h"

namespace qatc {

// From a kernel to its schedule, in order:
//   rule        default_schedule(), here: as large a tile as the registers hold
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
  /// operand_loads; 0: each product reads memory.
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

/// A good schedule by rule: as large a tile as the registers of `isa` hold.
KernelSchedule default_schedule(const KernelSpec& spec, Isa isa);

/// Of its convs' filters; 1 without convs.
int64_t most_digits(const KernelSpec& spec);

/// Digit d of channel c is lane d * digit_stride + c. On ARM64 without i8mm only channels with filters get lanes, which
/// saves some where vectors are short; elsewhere padding channels do too.
int64_t digit_stride(const KernelSpec& spec, const KernelConv& conv, Isa isa);

/// Whether a conv is scheduled by the template of upsampled convs: not with matrix products.
bool uses_upsampled_template(const KernelConv& conv, Isa isa);

/// Output pixels of a tile. Those of an upsampled conv's schedule are the image's, two columns each.
int64_t tile_pixels(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa);

/// Accumulators of a tile for one lane of a conv.
int64_t tile_sums(const KernelConv& conv, const KernelSchedule& schedule, Isa isa);

/// Columns of taps whose products are summed side by side: all that a row of taps has, or 1.
int64_t tap_columns(const KernelSpec& spec, const KernelConv& conv, const KernelSchedule& schedule, Isa isa);

/// Whether a kernel's convs have lanes behind its channels, up to whole vectors. One tile has all channels then.
/// AVX-512 only: LLVM packs part-filled accumulators together and unpacks them for every product.
bool pads_lanes(const KernelSpec& spec, Isa isa);

/// Pixels of a tile whose vectors run along pixels (lower/pixel_lanes_conv.h), 0 where a kernel has no such form:
/// AVX-512 only, one conv with stride 1 to few channels, as heads are.
int64_t pixel_lanes(const KernelSpec& spec, Isa isa);

/// Rows of the input that such a tile keeps transposed: those of one row's taps, up to a power of two, so that a row's
/// place is a few bits of its number.
int64_t transposed_rows(const KernelConv& conv);

/// Whether this schedule takes that form.
bool has_pixel_lanes(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa);

/// Whether exact rounding of a step computes floats around its value first (lower/float_bounds.h). Not where the value
/// is clamped, affine steps among them: float may overflow there; nor of digits, whose sums are beyond int32; nor of
/// convs on ARM64, where two floats take as many instructions as a double. Where ties are frequent it is slower than
/// doubles alone.
bool rounds_between(const KernelSpec& spec, const KernelStep& step, Isa isa);

/// Accumulator lanes of a conv: a multiple of 4.
int64_t conv_lanes(const KernelSpec& spec, const KernelConv& conv, Isa isa);

/// How a conv is computed with `schedule`.
ConvLayout conv_layout(const KernelSpec& spec, const KernelConv& conv, const KernelSchedule& schedule, Isa isa);

/// Bytes of a vector that runs across a tile's pixels; 0: its vectors are the channels of one pixel. Of kernels with
/// one output row of pixels a tile: neither upsampled convs nor matrix products.
int64_t lanes_across_pixels(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa);

/// Lanes whose filter values lie together: those of one tile, so that its loop reads one stream. Element (ci %
/// reduction, lane % block, ci / reduction, kx, ky, lane / block), innermost first.
int64_t filter_block(const KernelSpec& spec, const KernelSchedule& schedule, const KernelConv& conv, Isa isa);

/// `schedule.unroll` as far as it divides `steps` >= 1.
int64_t unrolled_steps(const KernelSchedule& schedule, int64_t steps);

/// How the pixels of a tile load what products by lane take of one input. Vectors may reach up to 12 bytes beyond the
/// last pixel's run: memory that a tensor provides (qatc_read_ahead in qatc_driver_support.h).
struct OperandLoads {
  int64_t step = 0;     // bytes of each pixel's run at once, a divisor of its length; 0: each product reads memory
  bool shared = false;  // the tile's bytes are loaded from the first pixel's on, else each pixel's own
  int64_t vector = 0;   // bytes of one load
  int64_t count = 0;    // of loads for a step of the whole tile
};
OperandLoads operand_loads(const KernelSpec& spec, const KernelSchedule& schedule, const KernelConv& conv, int input);
/// The longest step of any run of a kernel with convs where `load` > 0 is the most.
int64_t longest_step(const KernelSpec& spec, int64_t load);

}  // namespace qatc
