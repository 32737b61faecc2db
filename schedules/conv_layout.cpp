#include "schedules/conv_layout.h"

#include <algorithm>

namespace qatc {

namespace {

/// See pads_lanes.
constexpr int64_t kPaddedVector = 16;
constexpr int64_t kMostPaddedLanes = 64;

int64_t padded_lanes(const KernelSpec& spec) {
  return (spec.out_channels + kPaddedVector - 1) / kPaddedVector * kPaddedVector;
}

}  // namespace

int64_t most_digits(const KernelSpec& spec) {
  int64_t digits = 1;
  for (const KernelConv& conv : spec.convs) digits = std::max<int64_t>(digits, conv.digits);
  return digits;
}

int64_t digit_stride(const KernelSpec& spec, const KernelConv& conv, Isa isa) {
  return isa == Isa::kArmBase || isa == Isa::kArmDotprod ? conv.filters : spec.out_channels;
}

bool pads_lanes(const KernelSpec& spec, Isa isa) {
  return isa == Isa::kX86Vnni && !spec.convs.empty() && spec.out_channels % kPaddedVector != 0 &&
         padded_lanes(spec) <= kMostPaddedLanes &&
         std::all_of(spec.convs.begin(), spec.convs.end(), [](const KernelConv& conv) { return conv.digits == 1; });
}

int64_t conv_lanes(const KernelSpec& spec, const KernelConv& conv, Isa isa) {
  if (conv.digits > 1) return conv.digits * digit_stride(spec, conv, isa);
  return pads_lanes(spec, isa) ? padded_lanes(spec) : spec.out_channels;
}

ConvLayout widest_conv_layout(Isa isa, int64_t lanes) {
  ConvLayout layout;
  layout.vector = int32_vector(isa, lanes);
  layout.terms = isa == Isa::kArmBase ? 2 : 1;
  layout.registers = isa == Isa::kArmBase ? layout.vector / 4 : 1;
  layout.matrix = has_matrix_products(isa);
  layout.reduction = layout.matrix ? 8 : has_dot_product(isa) ? 4 : 2;
  layout.wide = isa == Isa::kX86Base || isa == Isa::kX86Avx2;
  return layout;
}

ConvLayout conv_layout(const KernelSpec& spec, const KernelConv& conv, const KernelSchedule& schedule, Isa isa) {
  ConvLayout layout = widest_conv_layout(isa, conv_lanes(spec, conv, isa));
  constexpr int64_t kSumBytes = 4;
  while (schedule.vector > 0 && layout.vector * kSumBytes > schedule.vector) {
    layout.vector /= 2;
    layout.registers = std::max<int64_t>(layout.registers / 2, 1);
  }
  return layout;
}

int64_t reductions_of(const ConvRuns& runs, const ConvLayout& layout) {
  return (runs.length + layout.reduction - 1) / layout.reduction;
}

int64_t filter_block(const KernelSpec& spec, const KernelSchedule& schedule, const KernelConv& conv, Isa isa) {
  // The digits of one channel must meet in one tile.
  return conv.digits > 1 || pads_lanes(spec, isa) ? conv_lanes(spec, conv, isa) : schedule.channels;
}

FilterShape filter_shape(const KernelSpec& spec, const KernelSchedule& schedule, const KernelConv& conv, int input,
                         Isa isa) {
  const int64_t lanes = conv_lanes(spec, conv, isa);
  const ConvLayout layout = widest_conv_layout(isa, lanes);
  const ConvRuns runs = conv_runs(spec, conv, input);
  const int64_t block = filter_block(spec, schedule, conv, isa);
  return {layout.reduction, block, reductions_of(runs, layout), runs.count, conv.kernel[0], lanes / block};
}

int64_t filter_size(const FilterShape& shape) {
  return shape.reduction * shape.block * shape.reductions * shape.runs * shape.rows * shape.blocks;
}

int64_t filter_place(const FilterShape& shape, int64_t lane, int64_t byte, int64_t run, int64_t ky) {
  int64_t place = lane / shape.block;
  place = place * shape.rows + ky;
  place = place * shape.runs + run;
  place = place * shape.reductions + byte / shape.reduction;
  place = place * shape.block + lane % shape.block;
  return place * shape.reduction + byte % shape.reduction;
}

}  // namespace qatc
