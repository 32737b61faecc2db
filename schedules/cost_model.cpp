#include "schedules/cost_model.h"

#include <algorithm>
#include <cmath>

#include "schedules/candidates.h"
#include "schedules/conv_layout.h"
#include "schedules/default_schedule.h"
#include "schedules/exact_rounding.h"
#include "schedules/operand_loads.h"
#include "schedules/pixel_lanes.h"
#include "schedules/tile_shape.h"
#include "support/error.h"

namespace qatc {

namespace {

/// Rows are this many pixels: what a last, shifted tile computes twice counts.
constexpr int64_t kRowPixels[] = {100, 240, 480};

/// Candidates must be predicted this much better than the default before they replace it: the model is no better.
constexpr double kWorthChanging = 0.97;

double ceil_of(int64_t a, int64_t b) {
  const int64_t quotient = (a + b - 1) / b;
  return static_cast<double>(quotient);
}

double ratio(int64_t a, int64_t b) { return static_cast<double>(a) / static_cast<double>(b); }

double cycles_of(double products, double simd, double loads, double instructions, double latency, const Core& core) {
  return overlapped({std::max(products / core.products, (products + simd) / std::max(core.simd, core.products)),
                     loads / core.loads, instructions / core.issue, latency});
}

/// Products are one instruction, or a multiplication and an addition where the machine has no dot product; on ARM64 two
/// multiplications to a register and half as many additions.
int64_t product_instructions(Isa isa) { return has_dot_product(isa) ? 1 : isa == Isa::kArmBase ? 3 : 2; }

struct ConvCost {
  double cycles = 0, products = 0;  // of one tile
};

ConvCost conv_cost(const KernelSpec& spec, const KernelConv& conv, const KernelSchedule& schedule, Isa isa,
                   const Core& core) {
  const ConvLayout layout = conv_layout(spec, conv, schedule, isa);
  const auto vectors = ratio(filter_block(spec, schedule, conv, isa), layout.vector);
  const bool upsampled = uses_upsampled_template(conv, isa);
  // Columns of taps that are summed side by side share pixels.
  const int64_t columns = tap_columns(spec, conv, schedule, isa);
  const int64_t apart = columns == 1 ? 1 : std::min(conv.stride[1], columns);
  const auto pixels = static_cast<double>((schedule.pixels - 1) * apart + columns);  // that are read
  const auto sums = static_cast<double>(tile_sums(conv, schedule, isa));
  const double filter_element = layout.wide ? 2 : 1;
  double filter_bytes = 0;
  ConvCost cost;
  for (int input : conv.inputs) {
    const ConvRuns runs = conv_runs(spec, conv, input);
    const int64_t length = runs.length;
    // Of its rows of taps, a row of a pair has one for itself and half of the two that both share.
    const auto loops = static_cast<double>(upsampled ? conv.kernel[0] - 1 : conv.kernel[0] * runs.count);
    const OperandLoads operand = operand_loads(spec, schedule, conv, input);
    // One iteration of the innermost loop: a step's worth of products by lane, or one product of each accumulator.
    const auto steps = static_cast<double>(operand.step > 0 ? operand.step / layout.reduction : 1);
    const auto parts = static_cast<double>(upsampled ? 1 : columns);  // of the run
    const double iterations = ratio(length, layout.reduction) / steps / parts;
    const double products = vectors * sums * steps * parts;
    // With one vector of channels, the product takes its input from memory itself.
    const bool folded = operand.step == 0 && vectors == 1 && !is_arm(isa) && has_dot_product(isa);
    // A register of a matrix product has two lanes' filters, or what is read of two pixels.
    const double inputs = operand.step > 0 ? static_cast<double>(operand.count)
                          : layout.matrix  ? pixels / 2
                                           : pixels * steps;
    const double filters = (layout.matrix ? 2 * vectors : vectors) * static_cast<double>(columns) * steps;
    const double loads = filters + inputs;
    const double extra = static_cast<double>(product_instructions(isa) - 1) * products;
    const double instructions = products + extra + filters + (folded ? 0 : inputs) + 3;
    const double iteration = cycles_of(products, extra, loads, instructions, core.latency * steps * parts, core);
    cost.cycles += loops * (iterations * iteration + core.loop);
    cost.products += loops * iterations * products;
    filter_bytes += loops * (upsampled ? static_cast<double>(columns) : 1) * static_cast<double>(length) * vectors *
                    static_cast<double>(layout.vector) * filter_element;
  }
  // All tiles of a pixel's channels read the whole filter.
  const double all_filters = filter_bytes * ratio(spec.out_channels, schedule.channels);
  if (all_filters > core.level1 / 2) cost.cycles = std::max(cost.cycles, filter_bytes / core.stream);
  return cost;
}

/// Vector instructions of a step for one tile: int32 and float work on `int_vectors` vectors, bytes on `byte_vectors`.
double step_instructions(const KernelSpec& spec, const KernelStep& step, double int_vectors, double byte_vectors,
                         Isa isa) {
  double real = spec.rounding == Rounding::kExact ? 2 : 1;
  if (rounds_between(spec, step, isa)) real = 1.4;  // of 16 results: 7.5 instructions of AVX-512, not 5.5 of float's
  switch (step.kind) {
    case KernelStep::Kind::kRequantize:
      return real * int_vectors * (step.clamp ? 8 : 6);
    case KernelStep::Kind::kLoad:
    case KernelStep::Kind::kResizeLoad:
      return byte_vectors;
    case KernelStep::Kind::kMaxPool:
      return byte_vectors * 2 * static_cast<double>(step.kernel[0] * step.kernel[1]);
    case KernelStep::Kind::kLookup:
      if (isa == Isa::kX86Base) return byte_vectors * 16 * 3;  // byte by byte
      return byte_vectors * (isa == Isa::kX86Vnni ? 7 : is_arm(isa) ? 10 : 48);
    case KernelStep::Kind::kAdd:
    case KernelStep::Kind::kMul:
      return real * int_vectors * 9;
    case KernelStep::Kind::kAffine:
      return real * int_vectors * 7;
  }
  QATC_CHECK(false, "unknown step");
}

double epilogue_instructions(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa) {
  const int64_t int_vector = byte_vector(isa) / 4;
  const int64_t tile = tile_pixels(spec, schedule, isa);
  const int64_t across = lanes_across_pixels(spec, schedule, isa);
  // Along channels, every pixel begins a vector of its own.
  const double int_vectors = static_cast<double>(tile) * ceil_of(schedule.channels, int_vector);
  const double byte_vectors = across > 0 ? ratio(tile * schedule.channels, across)
                                         : static_cast<double>(tile) * ceil_of(schedule.channels, byte_vector(isa));
  double instructions = byte_vectors * static_cast<double>(spec.outputs.size());
  for (const KernelConv& conv : spec.convs) {
    if (uses_upsampled_template(conv, isa)) instructions += 2 * int_vectors;  // three sums make one
  }
  for (const KernelStep& step : spec.steps) {
    instructions += step_instructions(spec, step, int_vectors, byte_vectors, isa);
  }
  return instructions;
}

Prediction predict_sums(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa, const Core& core) {
  const auto tile = static_cast<double>(schedule.channels * schedule.pixels);
  const double vectors = tile / static_cast<double>(byte_vector(isa)) * 4;
  // Load and widen, add, multiply, add.
  const double chunk = cycles_of(vectors, 3 * vectors, vectors, 5 * vectors + 2, core.latency, core);
  return {chunk * static_cast<double>(spec.out_channels) / tile, 0};
}

struct RankedSchedule {
  KernelSchedule schedule;
  double slowness;  // see mean_slowness
};

/// The default schedule, then all other candidates from the best on.
std::vector<RankedSchedule> rank(const KernelSpec& spec, Isa isa) {
  const KernelSchedule rule = default_schedule(spec, isa);
  // Nothing is known here of transposed tiles.
  if (has_pixel_lanes(spec, rule, isa)) return {{rule, 1}};
  const std::vector<KernelSchedule> candidates = schedule_candidates(spec, isa);
  std::vector<std::vector<double>> cycles;
  for (const KernelSchedule& candidate : candidates) {
    std::vector<double>& of_cores = cycles.emplace_back();
    for (const Core& core : cores(isa)) of_cores.push_back(predict(spec, candidate, isa, core).cycles);
  }
  const std::vector<double> slowness = mean_slowness(cycles);
  std::vector<RankedSchedule> ranked;
  for (size_t i = 0; i < candidates.size(); ++i) ranked.push_back({candidates[i], slowness[i]});
  std::stable_sort(ranked.begin(), ranked.end(), [&](const RankedSchedule& a, const RankedSchedule& b) {
    if (a.slowness != b.slowness) return a.slowness < b.slowness;
    // Unrolling hardly tells predictions apart: as the rule does it comes first.
    return a.schedule.unroll == rule.unroll && b.schedule.unroll != rule.unroll;
  });
  std::stable_partition(ranked.begin(), ranked.end(),
                        [&](const RankedSchedule& candidate) { return candidate.schedule == rule; });
  return ranked;
}

}  // namespace

bool has_same_tile(const KernelSchedule& a, const KernelSchedule& b) {
  KernelSchedule other = b;
  other.unroll = a.unroll;
  return a == other;
}

double overlapped(std::initializer_list<double> cycles) {
  double sum = 0;
  for (double c : cycles) sum += c * c * c * c;
  return std::sqrt(std::sqrt(sum));
}

double repeated_pixels(int64_t pixels) {
  double factor = 0;
  for (int64_t row : kRowPixels) {
    factor += ceil_of(row, pixels) * ratio(pixels, row);
  }
  return factor / static_cast<double>(std::size(kRowPixels));
}

double tiles_per_pixel(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa) {
  const int64_t pixels = tile_pixels(spec, schedule, isa);
  return ratio(spec.out_channels, schedule.channels * pixels) * repeated_pixels(pixels);
}

Prediction predict(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa, const Core& core) {
  if (is_channel_sums(spec)) return predict_sums(spec, schedule, isa, core);
  double cycles = 0;
  double products = 0;
  for (const KernelConv& conv : spec.convs) {
    const ConvCost cost = conv_cost(spec, conv, schedule, isa, core);
    cycles += cost.cycles;
    products += cost.products;
  }
  const double epilogue = epilogue_instructions(spec, schedule, isa);
  constexpr double kTileInstructions = 12;  // addresses and the tile's own loop
  cycles += cycles_of(0, epilogue, epilogue / 4, epilogue + kTileInstructions, 0, core);
  Prediction prediction;
  prediction.cycles = cycles * tiles_per_pixel(spec, schedule, isa);
  // What tiles compute twice is no share of the peak.
  const double tiles = ratio(spec.out_channels, schedule.channels * tile_pixels(spec, schedule, isa));
  prediction.peak_share = products * tiles / core.products / prediction.cycles;
  return prediction;
}

std::vector<double> mean_slowness(const std::vector<std::vector<double>>& cycles) {
  std::vector<double> slowness(cycles.size(), 0.0);
  const size_t core_count = cycles.empty() ? 0 : cycles.front().size();
  for (size_t core = 0; core < core_count; ++core) {
    double least = cycles.front()[core];
    for (const std::vector<double>& of_schedule : cycles) least = std::min(least, of_schedule[core]);
    for (size_t i = 0; i < cycles.size(); ++i) {
      slowness[i] += cycles[i][core] / least / static_cast<double>(core_count);
    }
  }
  return slowness;
}

std::vector<KernelSchedule> best_predicted(const KernelSpec& spec, Isa isa, int64_t count, double most) {
  const std::vector<RankedSchedule> ranked = rank(spec, isa);
  std::vector<KernelSchedule> best;
  for (const RankedSchedule& candidate : ranked) {
    if (candidate.slowness > ranked.front().slowness * most) break;
    const bool is_new = std::none_of(best.begin(), best.end(), [&](const KernelSchedule& other) {
      return has_same_tile(candidate.schedule, other);
    });
    if (is_new && static_cast<int64_t>(best.size()) <= count) best.push_back(candidate.schedule);
  }
  return best;
}

KernelSchedule predicted_schedule(const KernelSpec& spec, Isa isa) {
  const std::vector<RankedSchedule> ranked = rank(spec, isa);
  const bool is_better = ranked.size() > 1 && ranked[1].slowness < ranked[0].slowness * kWorthChanging;
  return ranked[is_better ? 1 : 0].schedule;
}

}  // namespace qatc
