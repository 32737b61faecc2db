#include "schedules/templates/schedule_kernel.h"

#include "schedules/default_schedule.h"
#include "schedules/kernel_kind.h"
#include "schedules/templates/channel_sums.h"
#include "schedules/templates/conv.h"
#include "schedules/templates/elementwise.h"
#include "schedules/templates/image_rows.h"
#include "schedules/templates/matrix_conv.h"
#include "schedules/templates/pixel_lanes_conv.h"
#include "schedules/templates/upsampled_conv.h"

namespace qatc {

namespace {

void schedule_tiles(LoweredKernel& kernel, const KernelSpec& spec, const KernelSchedule& schedule, Isa isa) {
  switch (kernel_kind(spec, schedule, isa)) {
    case KernelKind::kElementwise:
      return schedule_elementwise(kernel, spec, schedule, isa);
    case KernelKind::kConv:
      return schedule_conv_kernel(kernel, spec, schedule, isa);
    case KernelKind::kPixelLanesConv:
      return schedule_pixel_lanes_conv(kernel, spec, schedule, isa);
    case KernelKind::kMatrixConv:
      return schedule_matrix_conv(kernel, schedule);
    case KernelKind::kUpsampledConv:
      return schedule_upsampled_conv(kernel, spec, schedule, isa);
    case KernelKind::kChannelSums:
      return schedule_channel_sums(kernel, spec, schedule, isa);
  }
}

}  // namespace

void schedule_rows(LoweredKernel& kernel, const KernelSpec& spec, Isa isa) {
  if (kernel.image_rows) schedule_image_rows(*kernel.image_rows, spec, isa);
  if (kernel.sums && kernel.out.defined()) schedule_channel_sums(kernel, spec, channel_sums_schedule(spec, isa), isa);
}

void schedule_kernel(LoweredKernel& kernel, const KernelSpec& spec, const KernelSchedule& schedule, Isa isa) {
  schedule_tiles(kernel, spec, schedule, isa);
  schedule_rows(kernel, spec, isa);
}

}  // namespace qatc
