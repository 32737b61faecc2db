#include "schedules/candidates.h"

#include <algorithm>

#include "schedules/conv_layout.h"
#include "schedules/default_schedule.h"
#include "schedules/operand_loads.h"
#include "schedules/schedule_fields.h"
#include "schedules/tile_shape.h"

namespace qatc {

namespace {

constexpr int64_t kLevel1Bytes = 32 * 1024;  // of the smallest cores we tune for

/// Registers that hold neither accumulators nor filters while a tile's products are summed.
int64_t operand_registers(const KernelSpec& spec, const KernelConv& conv, const KernelSchedule& schedule, Isa isa) {
  constexpr int64_t kProducts = 6;  // pairs of input bytes all over a register, and products on their way
  const int64_t products = isa == Isa::kArmBase ? kProducts : has_dot_product(isa) ? 0 : 1;
  // The input: what the tile's pixels read now, or the one that is multiplied now.
  int64_t operands = 1;
  for (int input : conv.inputs) {
    operands = std::max(operands, operand_loads(spec, schedule, conv, input).count);
  }
  // Columns of an upsampled conv serve three columns of taps: their pairs of bytes stay.
  if (conv.upsampled && isa == Isa::kArmBase) operands = std::max(operands, schedule.pixels + 2);
  return products + operands;
}

bool fits_registers(const KernelSpec& spec, const KernelConv& conv, const KernelSchedule& schedule, Isa isa) {
  const ConvLayout layout = conv_layout(spec, conv, schedule, isa);
  // A register holds two lanes of two pixels; one holds a filter, one for each pair what is read of it.
  if (layout.matrix)
    return (filter_block(spec, schedule, conv, isa) / 2 + 1) * (schedule.pixels / 2) < vector_registers(isa);
  const int64_t vector = layout.vector;
  const int64_t vectors = filter_block(spec, schedule, conv, isa) / vector;
  const int64_t filters = vectors * tap_columns(spec, conv, schedule, isa);
  return vectors * layout.registers * tile_sums(conv, schedule, isa) + filters +
             operand_registers(spec, conv, schedule, isa) <=
         vector_registers(isa);
}

/// The filter may be larger: it is read once a tile from front to back, which the level-2 cache keeps up with.
bool fits_cache(const KernelSpec& spec, const KernelConv& conv, const KernelSchedule& schedule) {
  int64_t pixel_bytes = 0;
  for (int input : conv.inputs) pixel_bytes += spec.inputs[static_cast<size_t>(input)];
  const int64_t columns = (schedule.pixels - 1) * conv.stride[1] + (conv.kernel[1] - 1) * conv.dilation[1] + 1;
  return columns * conv.kernel[0] * pixel_bytes <= kLevel1Bytes;
}

/// Whether some run of the kernel is taken apart by `load`. If none is, a smaller load makes the same loops: skip it.
bool load_is_used(const KernelSpec& spec, const KernelSchedule& schedule) {
  return schedule.load == 0 || longest_step(spec, schedule.load) == schedule.load;
}

/// Likewise of `across` where tiles have one form only, and of `vector` where it cuts no vector.
bool form_is_used(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa) {
  KernelSchedule other = schedule;
  other.across = 1;
  const bool has_forms = lanes_across_pixels(spec, other, isa) > 0;
  if (schedule.across == 0 && !has_forms) return false;
  if (schedule.vector == 0 || !spec.convs.empty()) return true;
  // Vectors along channels are as long as the tile has channels.
  other.vector = 0;
  return schedule.across == 1 && lanes_across_pixels(spec, other, isa) > schedule.vector;
}

bool has_known_values(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa) {
  for (const ScheduleField& field : schedule_fields()) {
    const std::vector<int64_t> values = field.values(spec, isa);
    if (std::find(values.begin(), values.end(), schedule.*field.value) == values.end()) return false;
  }
  return true;
}

/// Whether a schedule of known values is one that the template can make, unlike any other, and within the machine's
/// limits.
bool fits(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa) {
  if (!load_is_used(spec, schedule) || !form_is_used(spec, schedule, isa)) return false;
  if (is_channel_sums(spec)) return true;
  return std::all_of(spec.convs.begin(), spec.convs.end(), [&](const KernelConv& conv) {
    return fits_registers(spec, conv, schedule, isa) && fits_cache(spec, conv, schedule);
  });
}

void extend(const KernelSpec& spec, Isa isa, size_t next_field, KernelSchedule& schedule,
            std::vector<KernelSchedule>& candidates) {
  if (next_field == schedule_fields().size()) {
    if (fits(spec, schedule, isa)) candidates.push_back(schedule);
    return;
  }
  const ScheduleField& field = schedule_fields()[next_field];
  for (int64_t value : field.values(spec, isa)) {
    schedule.*field.value = value;
    extend(spec, isa, next_field + 1, schedule, candidates);
  }
}

bool comes_before(const KernelSchedule& a, const KernelSchedule& b) {
  for (const ScheduleField& field : schedule_fields()) {
    if (a.*field.value != b.*field.value) return a.*field.value < b.*field.value;
  }
  return false;
}

}  // namespace

bool is_candidate(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa) {
  return schedule == default_schedule(spec, isa) ||
         (has_known_values(spec, schedule, isa) && fits(spec, schedule, isa));
}

std::vector<KernelSchedule> schedule_candidates(const KernelSpec& spec, Isa isa) {
  std::vector<KernelSchedule> candidates;
  KernelSchedule schedule;
  extend(spec, isa, 0, schedule, candidates);
  const KernelSchedule rule = default_schedule(spec, isa);
  if (std::find(candidates.begin(), candidates.end(), rule) == candidates.end()) candidates.push_back(rule);
  std::sort(candidates.begin(), candidates.end(), comes_before);
  return candidates;
}

}  // namespace qatc
