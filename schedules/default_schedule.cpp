#include "schedules/default_schedule.h"

#include <algorithm>

#include "schedules/conv_layout.h"
#include "schedules/operand_loads.h"
#include "schedules/pixel_lanes.h"
#include "schedules/tile_shape.h"

namespace qatc {

namespace {

/// Matrix products: lanes and pixels come in pairs, and a register holds one of each.
KernelSchedule matrix_conv_schedule(const KernelSpec& spec) {
  constexpr int64_t kSums = 24 * 4;
  // A vector of bytes in the epilogue, or all channels where they are few.
  constexpr int64_t kFewChannels = 24;
  constexpr int64_t kChannels = 16;
  constexpr int64_t kMostPixels = 12;
  const int64_t digits = most_digits(spec);
  KernelSchedule schedule;
  schedule.channels = spec.out_channels <= kFewChannels ? spec.out_channels : kChannels;
  while (spec.out_channels % schedule.channels != 0) schedule.channels -= kChannelAlignment;
  // The digits of one channel must meet in one tile.
  if (digits > 1) schedule.channels = spec.out_channels;
  schedule.pixels = std::clamp<int64_t>(kSums / (schedule.channels * digits) / 2 * 2, 2, kMostPixels);
  return schedule;
}

/// Whether a loop over loads by lane stays a loop of several iterations when two become one. LLVM takes apart shorter
/// ones, moves their loads together and runs out of registers.
bool has_long_runs(const KernelSpec& spec) {
  constexpr int64_t kLongRun = 12 * 16;
  return std::any_of(spec.convs.begin(), spec.convs.end(), [&](const KernelConv& conv) {
    return std::any_of(conv.inputs.begin(), conv.inputs.end(), [&](int input) {
      const ConvRuns runs = conv_runs(spec, conv, input);
      return runs.count == 1 && runs.length >= kLongRun;
    });
  });
}

/// One vector of channels at a time, where one can choose, leaves most room for pixels, which share sums with their
/// neighbours.
KernelSchedule upsampled_conv_schedule(const KernelSpec& spec, Isa isa) {
  const KernelConv& conv = spec.convs.front();
  const ConvLayout layout = widest_conv_layout(isa, conv_lanes(spec, conv, isa));
  KernelSchedule schedule;
  schedule.load = is_arm(isa) ? kOperandVector : 0;
  schedule.unroll = is_arm(isa) ? 1 : 2;
  schedule.channels = pads_lanes(spec, isa) ? spec.out_channels : layout.vector;
  const int64_t registers = filter_block(spec, schedule, conv, isa) / layout.vector * layout.registers;
  schedule.pixels = std::max<int64_t>((accumulator_budget(isa) / registers + 1) / 3 - 1, 1);
  return schedule;
}

/// AVX-512: tiles of one or two vectors have registers for the filters of three columns of taps. On the cores measured,
/// loads cost products time although they have units of their own: 14 loads for 24 products 13 %, 20 for 72 6 %.
bool shares_pixels(const KernelSpec& spec, Isa isa) {
  KernelSchedule all;
  all.columns = 1;
  return isa == Isa::kX86Vnni && std::any_of(spec.convs.begin(), spec.convs.end(), [&](const KernelConv& conv) {
           const int64_t columns = tap_columns(spec, conv, all, isa);
           return columns > 1 && columns <= 3;
         });
}

KernelSchedule conv_schedule(const KernelSpec& spec, Isa isa) {
  if (widest_conv_layout(isa, spec.out_channels).matrix) return matrix_conv_schedule(spec);
  if (spec.convs.front().upsampled) return upsampled_conv_schedule(spec, isa);
  KernelSchedule schedule;
  schedule.load = is_arm(isa) ? least_load(spec) : 0;
  schedule.unroll = !is_arm(isa) || (isa == Isa::kArmBase && has_long_runs(spec)) ? 2 : 1;
  if (pixel_lanes(spec, isa) > 0) {
    schedule.channels = spec.out_channels;
    schedule.pixels = pixel_lanes(spec, isa);
    return schedule;
  }
  const int64_t budget = accumulator_budget(isa);
  const auto digits =
      std::find_if(spec.convs.begin(), spec.convs.end(), [](const KernelConv& conv) { return conv.digits > 1; });
  if (digits != spec.convs.end()) {
    // The digits of one channel must meet in one tile.
    schedule.channels = spec.out_channels;
    const int64_t lanes = conv_lanes(spec, *digits, isa);
    const ConvLayout layout = widest_conv_layout(isa, lanes);
    schedule.pixels = std::clamp<int64_t>(budget / (lanes / layout.vector * layout.registers), 1, 16);
    // Steps of an even number of pixels are vectors across some: in memory that loads by lane used before, where LLVM
    // then keeps those.
    if (schedule.load > 0 && schedule.pixels % 2 == 0) --schedule.pixels;
    return schedule;
  }
  if (pads_lanes(spec, isa)) {
    schedule.channels = spec.out_channels;
    const int64_t lanes = conv_lanes(spec, spec.convs.front(), isa);
    const int64_t vectors = lanes / widest_conv_layout(isa, lanes).vector;
    schedule.columns = vectors <= 2 && shares_pixels(spec, isa) ? 1 : 0;
    schedule.pixels = std::clamp<int64_t>(budget / vectors, 1, schedule.columns == 1 ? 16 : 12);
    return schedule;
  }
  const ConvLayout layout = widest_conv_layout(isa, spec.out_channels);
  const int64_t vectors = spec.out_channels / layout.vector;
  const int64_t most = is_arm(isa) ? 5 : layout.vector == 16 ? 4 : 3;
  int64_t chosen = 1;
  for (int64_t v = 1; v <= std::min(most, vectors); ++v) {
    if (vectors % v == 0 && v * layout.vector <= 64) chosen = v;
  }
  // Four vectors leave no room for the filters of three columns. Several convs, whose results meet, keep all channels
  // of a pixel together.
  if (chosen == 4 && spec.convs.size() == 1 && spec.convs.front().stride[1] == 1 && shares_pixels(spec, isa))
    chosen = 2;
  schedule.columns = chosen <= 2 && shares_pixels(spec, isa) ? 1 : 0;
  schedule.channels = chosen * layout.vector;
  schedule.pixels = std::clamp<int64_t>(budget / (chosen * layout.registers), 1, schedule.columns == 1 ? 16 : 12);
  return schedule;
}

KernelSchedule elementwise_schedule(const KernelSpec& spec, Isa isa) {
  KernelSchedule schedule;
  // The widest power-of-two run of channels that divides them; narrow tensors make up for it by unrolled pixels.
  schedule.channels = byte_vector(isa);
  while (spec.out_channels % schedule.channels != 0 && schedule.channels > 1) schedule.channels /= 2;
  schedule.pixels = 4;
  if (schedule.channels == spec.out_channels || spec.out_channels > byte_vector(isa)) return schedule;
  // All of some few channels: of one pixel where pixels are moved, else of as many pixels as fill whole vectors.
  KernelSchedule all = schedule;
  all.channels = spec.out_channels;
  if (moves_pixels(spec)) return all;
  while (all.channels * all.pixels % byte_vector(isa) != 0) all.pixels *= 2;
  return lanes_across_pixels(spec, all, isa) == byte_vector(isa) ? all : schedule;
}

}  // namespace

KernelSchedule channel_sums_schedule(const KernelSpec& spec, Isa isa) {
  KernelSchedule schedule;
  const int64_t vector = channel_sums_vector(isa, spec.out_channels);
  // Channels whose sums stay in registers while a row is read once.
  schedule.channels = vector * std::min<int64_t>(4, spec.out_channels / vector);
  while (spec.out_channels % schedule.channels != 0) schedule.channels -= vector;
  // As many accumulators as additions take cycles and a core begins in one, or nearly so.
  constexpr int64_t kVectors = 8;
  if (isa == Isa::kX86Vnni) schedule.pixels = kVectors / (schedule.channels / vector);
  return schedule;
}

KernelSchedule default_schedule(const KernelSpec& spec, Isa isa) {
  if (is_channel_sums(spec)) return channel_sums_schedule(spec, isa);
  return spec.convs.empty() ? elementwise_schedule(spec, isa) : conv_schedule(spec, isa);
}

}  // namespace qatc
