#include "emit/symbols.h"

#include <algorithm>

namespace qatc {

std::string kernel_symbol(const Plan& plan, const std::string& name, int kernel) {
  const KernelSpec& spec = plan.kernels[static_cast<size_t>(kernel)];
  std::string what = "elementwise";
  if (is_channel_sums(spec)) {
    what = "channel_sums";
  } else if (!spec.convs.empty()) {
    const KernelConv& conv = spec.convs.front();
    what = (conv.upsampled ? "upsampled_conv2d_" : "conv2d_") + std::to_string(conv.kernel[0]) + "x" +
           std::to_string(conv.kernel[1]) + "s" + std::to_string(conv.stride[0]);
  } else if (!spec.steps.empty()) {
    switch (spec.steps.front().kind) {
      case KernelStep::Kind::kMaxPool:
        what = "max_pool";
        break;
      case KernelStep::Kind::kResizeLoad:
        what = "resize";
        break;
      default:
        if (std::any_of(spec.steps.begin(), spec.steps.end(),
                        [](const KernelStep& s) { return s.kind == KernelStep::Kind::kAffine; }))
          what = "norm";
    }
  }
  return name + "_" + what + "_" + std::to_string(kernel);
}

std::string image_kernel_symbol(const std::string& name, const ImageKernel& kernel) {
  const char* const layouts[] = {"interleaved", "padded", "planar"};
  return name + (kernel.stores ? "_store_" : "_load_") + (kernel.is_real ? "f32_" : "u8_") +
         layouts[static_cast<size_t>(kernel.layout)];
}

}  // namespace qatc
