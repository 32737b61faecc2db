#include "lower/kernel.h"

#include "lower/buffer.h"
#include "lower/channel_sums.h"
#include "lower/conv.h"
#include "lower/elementwise.h"
#include "lower/image_rows.h"
#include "lower/matrix_conv.h"
#include "lower/pixel_lanes_conv.h"
#include "lower/upsampled_conv.h"
#include "schedules/kernel_kind.h"
#include "support/error.h"

namespace qatc {

namespace {

LoweredKernel lower(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa, const KernelParams& params) {
  switch (kernel_kind(spec, schedule, isa)) {
    case KernelKind::kElementwise:
      return lower_elementwise(spec, isa, params);
    case KernelKind::kConv:
      return lower_conv_kernel(spec, schedule, isa, params);
    case KernelKind::kPixelLanesConv:
      return lower_pixel_lanes_conv(spec, schedule, isa, params);
    case KernelKind::kMatrixConv:
      return lower_matrix_conv(spec, schedule, isa, params);
    case KernelKind::kUpsampledConv:
      return lower_upsampled_conv(spec, schedule, isa, params);
    case KernelKind::kChannelSums:
      return lower_channel_sums(spec, schedule, isa, params);
  }
  QATC_CHECK(false, "unknown kind of kernel");
}

}  // namespace

LoweredKernel lower_kernel(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa) {
  KernelParams params(spec, schedule, isa);
  std::optional<LoweredImageRows> rows;
  if (spec.image_channels > 0) {
    rows = lower_image_rows(spec, isa, params);
    params.set_loaded(rows->codes);
  }
  LoweredKernel kernel = lower(spec, schedule, isa, params);
  kernel.image_rows = rows;
  if (spec.summed >= 0 && !is_channel_sums(spec)) lower_sums_of_output(kernel, spec, isa, params);
  kernel.arguments = params.arguments();
  return kernel;
}

std::vector<Halide::Func> outputs_of(const LoweredKernel& kernel) {
  std::vector<Halide::Func> outputs;
  // First: tiles read by address what these store, and Halide computes outputs in this order where it sees no other.
  if (kernel.image_rows) outputs.push_back(kernel.image_rows->codes);
  if (kernel.out.defined()) outputs.push_back(kernel.out);
  if (kernel.sums) outputs.push_back(kernel.sums->out);
  return outputs;
}

}  // namespace qatc
