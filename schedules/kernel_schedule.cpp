#include "schedules/kernel_schedule.h"

#include <algorithm>
#include <array>

#include "support/error.h"

namespace qatc {

namespace {

/// See pads_lanes.
constexpr int64_t kPaddedVector = 16;
constexpr int64_t kMostPaddedLanes = 64;

int64_t padded_lanes(const KernelSpec& spec) {
  return (spec.out_channels + kPaddedVector - 1) / kPaddedVector * kPaddedVector;
}

/// Accumulator registers a tile may hold so that operands still fit: found by reading the generated code for spills.
int64_t accumulator_budget(Isa isa) {
  switch (isa) {
    case Isa::kX86Vnni:
      return 24;
    case Isa::kX86AvxVnni:
    case Isa::kX86Avx2:
    case Isa::kX86Base:
      return 12;
    case Isa::kArmDotprod:
    case Isa::kArmI8mm:
      return 21;
    case Isa::kArmBase:
      return 16;
  }
  QATC_CHECK(false, "unknown instruction set");
}

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

/// Of a register that products by lane read.
constexpr int64_t kVectorBytes = 16;

int64_t loads_of(int64_t bytes, int64_t vector) { return (bytes + vector - 1) / vector; }

/// OperandLoads::step where `load` > 0 is the most.
int64_t operand_step(const KernelSpec& spec, const KernelConv& conv, int input, int64_t load) {
  const int64_t length = conv_runs(spec, conv, input).length;
  if (length % kVectorBytes == 0) return kVectorBytes;
  // Three products by lane and more for a load.
  if (conv.upsampled && length % 12 == 0) return 12;
  if (conv.upsampled) return length % 8 == 0 ? 8 : 4;
  // Behind pixels of whole vectors nothing may be read ahead.
  if (spec.inputs[static_cast<size_t>(input)] % kVectorBytes == 0) return length % 8 == 0 ? 8 : 4;
  int64_t step = load;
  while (length % step != 0) step -= kChannelAlignment;
  return step;
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
  const ConvLayout layout = conv_layout(isa, conv_lanes(spec, conv, isa));
  KernelSchedule schedule;
  schedule.load = is_arm(isa) ? kVectorBytes : 0;
  schedule.unroll = is_arm(isa) ? 1 : 2;
  schedule.channels = pads_lanes(spec, isa) ? spec.out_channels : layout.vector;
  const int64_t registers = filter_block(spec, schedule, conv, isa) / layout.vector * layout.registers;
  schedule.pixels = std::max<int64_t>((accumulator_budget(isa) / registers + 1) / 3 - 1, 1);
  return schedule;
}

/// The least load that takes every run in pieces of three products or more, as far as any load does: loops of fewer
/// products are mostly loads.
int64_t least_load(const KernelSpec& spec) {
  constexpr int64_t kMost = 64;
  constexpr int64_t kPiece = 12;
  int64_t load = kVectorBytes;
  const auto is_enough = [&](const KernelConv& conv) {
    return std::all_of(conv.inputs.begin(), conv.inputs.end(), [&](int input) {
      return operand_step(spec, conv, input, load) >= std::min(kPiece, operand_step(spec, conv, input, kMost));
    });
  };
  while (!std::all_of(spec.convs.begin(), spec.convs.end(), is_enough)) load += kChannelAlignment;
  return longest_step(spec, load);
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
  if (conv_layout(isa, spec.out_channels).matrix) return matrix_conv_schedule(spec);
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
    const ConvLayout layout = conv_layout(isa, lanes);
    schedule.pixels = std::clamp<int64_t>(budget / (lanes / layout.vector * layout.registers), 1, 16);
    // Steps of an even number of pixels are vectors across some: in memory that loads by lane used before, where LLVM
    // then keeps those.
    if (schedule.load > 0 && schedule.pixels % 2 == 0) --schedule.pixels;
    return schedule;
  }
  if (pads_lanes(spec, isa)) {
    schedule.channels = spec.out_channels;
    const int64_t vectors = padded_lanes(spec) / kPaddedVector;
    schedule.columns = vectors <= 2 && shares_pixels(spec, isa) ? 1 : 0;
    schedule.pixels = std::clamp<int64_t>(budget / vectors, 1, schedule.columns == 1 ? 16 : 12);
    return schedule;
  }
  const ConvLayout layout = conv_layout(isa, spec.out_channels);
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

bool moves_pixels(const KernelSpec& spec) {
  return std::any_of(spec.steps.begin(), spec.steps.end(), [](const KernelStep& step) {
    return step.kind == KernelStep::Kind::kResizeLoad || step.kind == KernelStep::Kind::kMaxPool;
  });
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

/// Halide 14 takes larger allocations off the stack.
constexpr int64_t kMostStackBytes = 16 * 1024;

constexpr int64_t kVectorPixels = 16;  // of a vector that runs along pixels

/// Of the rows that a tile of `pixels` pixels of `words` words has transposed.
int64_t transposed_bytes(const KernelConv& conv, int64_t words, int64_t pixels) {
  const int64_t vectors = (pixels + conv.kernel[1] - 1 + kVectorPixels - 1) / kVectorPixels;
  return transposed_rows(conv) * words * vectors * kVectorPixels * kChannelAlignment;
}

}  // namespace

KernelSchedule default_schedule(const KernelSpec& spec, Isa isa) {
  if (spec.channel_sums) return channel_sums_schedule(spec, isa);
  return spec.convs.empty() ? elementwise_schedule(spec, isa) : conv_schedule(spec, isa);
}

int64_t most_digits(const KernelSpec& spec) {
  int64_t digits = 1;
  for (const KernelConv& conv : spec.convs) digits = std::max<int64_t>(digits, conv.digits);
  return digits;
}

int64_t digit_stride(const KernelSpec& spec, const KernelConv& conv, Isa isa) {
  return isa == Isa::kArmBase || isa == Isa::kArmDotprod ? conv.filters : spec.out_channels;
}

bool uses_upsampled_template(const KernelConv& conv, Isa isa) { return conv.upsampled && !has_matrix_products(isa); }

int64_t tile_pixels(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa) {
  return !spec.convs.empty() && uses_upsampled_template(spec.convs.front(), isa) ? 2 * schedule.pixels
                                                                                 : schedule.pixels;
}

int64_t tile_sums(const KernelConv& conv, const KernelSchedule& schedule, Isa isa) {
  // See lower/upsampled_conv.h. Of the middle column of taps, one place less is used.
  return uses_upsampled_template(conv, isa) ? conv.kernel[1] * (schedule.pixels + 1) - 1 : schedule.pixels;
}

int64_t tap_columns(const KernelSpec& spec, const KernelConv& conv, const KernelSchedule& schedule, Isa isa) {
  if (uses_upsampled_template(conv, isa)) return conv.kernel[1];
  const bool is_one_run = std::all_of(conv.inputs.begin(), conv.inputs.end(),
                                      [&](int input) { return conv_runs(spec, conv, input).count == 1; });
  return schedule.columns == 1 && is_one_run ? conv.kernel[1] : 1;
}

bool pads_lanes(const KernelSpec& spec, Isa isa) {
  return isa == Isa::kX86Vnni && !spec.convs.empty() && spec.out_channels % kPaddedVector != 0 &&
         padded_lanes(spec) <= kMostPaddedLanes &&
         std::all_of(spec.convs.begin(), spec.convs.end(), [](const KernelConv& conv) { return conv.digits == 1; });
}

int64_t transposed_rows(const KernelConv& conv) {
  int64_t rows = 1;
  while (rows < conv.kernel[0]) rows *= 2;
  return rows;
}

int64_t pixel_lanes(const KernelSpec& spec, Isa isa) {
  constexpr int64_t kFewChannels = 12;
  constexpr std::array<int64_t, 8> kPixelWords{1, 2, 3, 4, 6, 8, 12, 16};  // that intrinsics transpose
  const std::array<int64_t, 2> one{1, 1};
  if (isa != Isa::kX86Vnni || spec.convs.size() != 1 || spec.outputs.size() != 1) return 0;
  const KernelConv& conv = spec.convs.front();
  const bool fits = conv.inputs.size() == 1 && conv.stride == one && conv.dilation == one && !conv.upsampled &&
                    spec.out_channels == spec.out_pixel_stride && spec.out_channels <= kFewChannels;
  if (!fits) return 0;
  const int64_t words = spec.inputs[static_cast<size_t>(conv.inputs[0])] / kChannelAlignment;
  if (std::find(kPixelWords.begin(), kPixelWords.end(), words) == kPixelWords.end()) return 0;
  // The most that registers and the stack hold: products that read the same bytes of the filter are the more, and sums
  // need not wait.
  for (const int64_t pixels : {64, 48, 32}) {
    if (conv.digits * conv.filters * pixels / kVectorPixels <= accumulator_budget(isa) &&
        transposed_bytes(conv, words, pixels) <= kMostStackBytes) {
      return pixels;
    }
  }
  return 0;
}

bool has_pixel_lanes(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa) {
  return schedule.scheduler == Scheduler::kTemplates && schedule.pixels > 0 &&
         schedule.pixels == pixel_lanes(spec, isa);
}

bool rounds_between(const KernelSpec& spec, const KernelStep& step, Isa isa) {
  if (spec.rounding != Rounding::kExact || step.clamp) return false;
  switch (step.kind) {
    case KernelStep::Kind::kRequantize:
      return !is_arm(isa) && spec.convs[static_cast<size_t>(step.conv)].digits == 1;
    case KernelStep::Kind::kAdd:
    case KernelStep::Kind::kMul:
      return true;
    case KernelStep::Kind::kLoad:
    case KernelStep::Kind::kResizeLoad:
    case KernelStep::Kind::kMaxPool:
    case KernelStep::Kind::kLookup:
    case KernelStep::Kind::kAffine:
      return false;
  }
  QATC_CHECK(false, "unknown kernel step");
}

int64_t conv_lanes(const KernelSpec& spec, const KernelConv& conv, Isa isa) {
  if (conv.digits > 1) return conv.digits * digit_stride(spec, conv, isa);
  return pads_lanes(spec, isa) ? padded_lanes(spec) : spec.out_channels;
}

ConvLayout conv_layout(const KernelSpec& spec, const KernelConv& conv, const KernelSchedule& schedule, Isa isa) {
  ConvLayout layout = conv_layout(isa, conv_lanes(spec, conv, isa));
  constexpr int64_t kSumBytes = 4;
  while (schedule.vector > 0 && layout.vector * kSumBytes > schedule.vector) {
    layout.vector /= 2;
    layout.registers = std::max<int64_t>(layout.registers / 2, 1);
  }
  return layout;
}

int64_t lanes_across_pixels(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa) {
  if (schedule.across == 0 || moves_pixels(spec)) return 0;
  if (schedule.channels != spec.out_channels || spec.out_channels != spec.out_pixel_stride) return 0;
  int64_t lanes = byte_vector(isa);
  if (schedule.vector > 0) lanes = std::min(lanes, schedule.vector);
  while (schedule.channels * schedule.pixels % lanes != 0) lanes /= 2;
  return lanes > schedule.channels ? lanes : 0;
}

int64_t filter_block(const KernelSpec& spec, const KernelSchedule& schedule, const KernelConv& conv, Isa isa) {
  // The digits of one channel must meet in one tile.
  return conv.digits > 1 || pads_lanes(spec, isa) ? conv_lanes(spec, conv, isa) : schedule.channels;
}

int64_t unrolled_steps(const KernelSchedule& schedule, int64_t steps) {
  int64_t unrolled = std::min(schedule.unroll, steps);
  while (steps % unrolled != 0) --unrolled;
  return unrolled;
}

OperandLoads operand_loads(const KernelSpec& spec, const KernelSchedule& schedule, const KernelConv& conv, int input) {
  OperandLoads loads;
  if (schedule.load == 0) return loads;
  loads.step = operand_step(spec, conv, input, schedule.load);
  // Half a vector and less is a load of its own kind, which reads no more.
  loads.vector = loads.step <= kVectorBytes / 2 ? loads.step : kVectorBytes;
  if (conv.upsampled) return {loads.step, false, loads.vector, schedule.pixels + 2};
  loads.count = schedule.pixels * loads_of(loads.step, loads.vector);
  const int64_t pixel_bytes = spec.inputs[static_cast<size_t>(input)];
  if (pixel_bytes % kVectorBytes == 0 || loads.step % kVectorBytes == 0) return loads;
  // Pixels that lie close together have most of their bytes in the same vectors.
  const int64_t together = (schedule.pixels - 1) * conv.stride[1] * pixel_bytes + loads.step;
  if (loads_of(together, kVectorBytes) >= loads.count) return loads;
  return {loads.step, true, kVectorBytes, loads_of(together, kVectorBytes)};
}

int64_t longest_step(const KernelSpec& spec, int64_t load) {
  int64_t longest = 0;
  for (const KernelConv& conv : spec.convs) {
    for (int input : conv.inputs) longest = std::max(longest, operand_step(spec, conv, input, load));
  }
  return longest;
}

}  // namespace qatc
