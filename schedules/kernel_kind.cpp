#include "schedules/kernel_kind.h"

#include "schedules/pixel_lanes.h"

namespace qatc {

KernelKind kernel_kind(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa) {
  if (is_channel_sums(spec)) return KernelKind::kChannelSums;
  if (spec.convs.empty()) return KernelKind::kElementwise;
  if (has_matrix_products(isa)) return KernelKind::kMatrixConv;
  if (spec.convs.front().upsampled) return KernelKind::kUpsampledConv;
  return has_pixel_lanes(spec, schedule, isa) ? KernelKind::kPixelLanesConv : KernelKind::kConv;
}

}  // namespace qatc
