#include "lower/kernel.h"

#include "lower/channel_sums.h"
#include "lower/conv.h"
#include "lower/elementwise.h"
#include "lower/matrix_conv.h"
#include "lower/pixel_lanes_conv.h"
#include "lower/upsampled_conv.h"
#include "schedules/kernel_kind.h"
#include "support/error.h"

namespace qatc {

LoweredKernel lower_kernel(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa) {
  switch (kernel_kind(spec, schedule, isa)) {
    case KernelKind::kElementwise:
      return lower_elementwise(spec, schedule, isa);
    case KernelKind::kConv:
      return lower_conv_kernel(spec, schedule, isa);
    case KernelKind::kPixelLanesConv:
      return lower_pixel_lanes_conv(spec, schedule, isa);
    case KernelKind::kMatrixConv:
      return lower_matrix_conv(spec, schedule, isa);
    case KernelKind::kUpsampledConv:
      return lower_upsampled_conv(spec, schedule, isa);
    case KernelKind::kChannelSums:
      return lower_channel_sums(spec, schedule, isa);
  }
  QATC_CHECK(false, "unknown kind of kernel");
}

}  // namespace qatc
