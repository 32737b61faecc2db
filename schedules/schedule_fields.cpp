#include "schedules/schedule_fields.h"

#include <algorithm>
#include <charconv>
#include <sstream>

#include "schedules/conv_layout.h"
#include "schedules/tile_shape.h"

namespace qatc {

namespace {

/// Whole vectors of channels that divide the kernel's channels; bytes for kernels without a reduction.
std::vector<int64_t> channel_values(const KernelSpec& spec, Isa isa) {
  constexpr int64_t kMostVectors = 8;
  if (most_digits(spec) > 1) return {spec.out_channels};  // the digits of one channel must meet in one tile
  if (pads_lanes(spec, isa)) return {spec.out_channels};
  std::vector<int64_t> values;
  if (spec.convs.empty() && !is_channel_sums(spec)) {
    for (int64_t bytes = 1; bytes <= byte_vector(isa); bytes *= 2) {
      if (spec.out_channels % bytes == 0) values.push_back(bytes);
    }
    const bool is_listed = std::find(values.begin(), values.end(), spec.out_channels) != values.end();
    if (!is_listed && spec.out_channels <= byte_vector(isa)) values.push_back(spec.out_channels);
    return values;
  }
  const int64_t vector = is_channel_sums(spec) ? channel_sums_vector(isa, spec.out_channels)
                                               : widest_conv_layout(isa, spec.out_channels).vector;
  for (int64_t count = 1; count <= kMostVectors; ++count) {
    if (spec.out_channels % (count * vector) == 0) values.push_back(count * vector);
  }
  return values;
}

std::vector<int64_t> pixel_values(const KernelSpec& spec, Isa isa) {
  if (is_channel_sums(spec)) return isa == Isa::kX86Vnni ? std::vector<int64_t>{1, 2, 4, 8} : std::vector<int64_t>{1};
  if (spec.convs.empty()) return {1, 2, 4, 8, 16};
  if (has_matrix_products(isa)) return {2, 4, 6, 8, 10, 12};  // pairs
  return {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 20, 24};
}

/// Dot products by lane read 4 bytes each from registers that loads fill.
std::vector<int64_t> load_values(const KernelSpec& spec, Isa isa) {
  if (!is_arm(isa) || !has_dot_product(isa) || spec.convs.empty()) return {0};
  if (has_matrix_products(isa)) return {0};
  return {0, 4, 8, 12, 16, 20, 24, 28, 36};
}

std::vector<int64_t> unroll_values(const KernelSpec& spec, Isa isa) {
  if (spec.convs.empty() || has_matrix_products(isa)) return {1};
  return {1, 2, 3, 4};
}

/// What the template of plain convs or that of kernels without a reduction decides on.
bool is_plain(const KernelSpec& spec, Isa isa) {
  if (is_channel_sums(spec)) return false;
  return spec.convs.empty() || !(has_matrix_products(isa) || spec.convs.front().upsampled);
}

/// The next narrower vectors: some cores have as many units for them, and half of the latency or of the registers.
std::vector<int64_t> vector_values(const KernelSpec& spec, Isa isa) {
  constexpr int64_t kSumBytes = 4;
  if (!is_plain(spec, isa) || pads_lanes(spec, isa)) return {0};
  int64_t widest = byte_vector(isa);
  for (const KernelConv& conv : spec.convs) {
    widest = widest_conv_layout(isa, conv_lanes(spec, conv, isa)).vector * kSumBytes;
  }
  const int64_t narrowest = spec.convs.empty() ? 8 : 16;
  return widest > narrowest ? std::vector<int64_t>{0, widest / 2} : std::vector<int64_t>{0};
}

std::vector<int64_t> across_values(const KernelSpec& spec, Isa isa) {
  if (!is_plain(spec, isa)) return {1};
  return {0, 1};
}

/// Elsewhere products take a pixel by lane, or widened, and several of its bytes at a time.
std::vector<int64_t> columns_values(const KernelSpec& spec, Isa isa) {
  if (is_arm(isa) || !has_dot_product(isa) || !is_plain(spec, isa)) return {0};
  KernelSchedule all;
  all.columns = 1;
  const bool has_some = std::any_of(spec.convs.begin(), spec.convs.end(),
                                    [&](const KernelConv& conv) { return tap_columns(spec, conv, all, isa) > 1; });
  return has_some ? std::vector<int64_t>{0, 1} : std::vector<int64_t>{0};
}

}  // namespace

const std::vector<ScheduleField>& schedule_fields() {
  static const std::vector<ScheduleField> fields{
      {"channels", &KernelSchedule::channels, channel_values},
      {"pixels", &KernelSchedule::pixels, pixel_values},
      {"load", &KernelSchedule::load, load_values, true},
      {"unroll", &KernelSchedule::unroll, unroll_values, true},
      {"vector", &KernelSchedule::vector, vector_values, true},
      {"across", &KernelSchedule::across, across_values, true},
      {"columns", &KernelSchedule::columns, columns_values, true},
  };
  return fields;
}

std::string to_string(const KernelSchedule& schedule) {
  std::string text;
  for (const ScheduleField& field : schedule_fields()) {
    if (field.is_optional && schedule.*field.value == KernelSchedule{}.*field.value) continue;
    text += (text.empty() ? "" : " ") + std::string(field.name) + "=" + std::to_string(schedule.*field.value);
  }
  return text;
}

std::optional<KernelSchedule> parse_schedule(const std::string& text) {
  constexpr int64_t kMostValue = 4096;  // no template has tiles as large
  std::istringstream words(text);
  KernelSchedule schedule;
  std::string word;
  words >> word;
  for (const ScheduleField& field : schedule_fields()) {
    const std::string name = field.name + std::string("=");
    if (word.rfind(name, 0) != 0) {
      if (field.is_optional) continue;
      return std::nullopt;
    }
    const char* end = word.data() + word.size();
    const auto [stop, error] = std::from_chars(word.data() + name.size(), end, schedule.*field.value);
    const int64_t value = schedule.*field.value;
    const bool is_in_range = value <= kMostValue && value >= (field.is_optional ? 0 : 1);
    if (error != std::errc() || stop != end || !is_in_range) return std::nullopt;
    word.clear();
    words >> word;
  }
  return word.empty() ? std::optional(schedule) : std::nullopt;
}

}  // namespace qatc
