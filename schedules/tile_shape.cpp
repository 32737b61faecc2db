#include "schedules/tile_shape.h"

#include <algorithm>

namespace qatc {

bool uses_upsampled_template(const KernelConv& conv, Isa isa) { return conv.upsampled && !has_matrix_products(isa); }

int64_t tile_pixels(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa) {
  return !spec.convs.empty() && uses_upsampled_template(spec.convs.front(), isa) ? 2 * schedule.pixels
                                                                                 : schedule.pixels;
}

int64_t flat_row_tile(const KernelSchedule& schedule) {
  return schedule.scheduler == Scheduler::kTemplates ? schedule.pixels : 0;
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

int64_t lanes_across_pixels(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa) {
  if (schedule.across == 0 || moves_pixels(spec)) return 0;
  if (schedule.channels != spec.out_channels || spec.out_channels != spec.out_pixel_stride) return 0;
  int64_t lanes = byte_vector(isa);
  if (schedule.vector > 0) lanes = std::min(lanes, schedule.vector);
  while (schedule.channels * schedule.pixels % lanes != 0) lanes /= 2;
  return lanes > schedule.channels ? lanes : 0;
}

int64_t unrolled_steps(const KernelSchedule& schedule, int64_t steps) {
  int64_t unrolled = std::min(schedule.unroll, steps);
  while (steps % unrolled != 0) --unrolled;
  return unrolled;
}

}  // namespace qatc
