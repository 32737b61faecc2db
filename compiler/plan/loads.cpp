#include "plan/loads.h"

#include <algorithm>

#include "plan/stages.h"

namespace qatc {

namespace {

/// The call that can load the rows of the image that a stage reads; or nullptr.
KernelCall* call_that_can_load(const Plan& plan, Stage& stage) {
  const Window* image = window_of(stage, plan.input_tensor);
  if (image == nullptr || image->writer != Window::kImage || image->readers.size() != 1) return nullptr;
  KernelCall& call = stage.calls[static_cast<size_t>(image->readers.front().call)];
  const KernelSpec& spec = plan.kernels[static_cast<size_t>(call.kernel)];
  // Called once for its rows, whole.
  if (spec.inputs.size() != 1 || spec.convs.empty() || call.upsampled || needs_scratch(stage, call)) return nullptr;
  // Padding channels meet zeros in filters only.
  const bool is_read_else =
      std::any_of(spec.steps.begin(), spec.steps.end(), [](const KernelStep& step) { return step.input >= 0; });
  return is_read_else ? nullptr : &call;
}

}  // namespace

const KernelCall* loading_call(const Plan& plan, const Stage& stage) {
  const auto found = std::find_if(stage.calls.begin(), stage.calls.end(), [&](const KernelCall& call) {
    return plan.kernels[static_cast<size_t>(call.kernel)].image_channels > 0;
  });
  return found == stage.calls.end() ? nullptr : &*found;
}

void load_in_kernels(Plan& plan) {
  const int64_t channels = plan.tensors[static_cast<size_t>(plan.input_tensor)].channels;
  if (channels > kChannelAlignment) return;
  for (Stage& stage : plan.stages) {
    KernelCall* call = call_that_can_load(plan, stage);
    if (call == nullptr) continue;
    KernelSpec spec = plan.kernels[static_cast<size_t>(call->kernel)];
    spec.image_channels = channels;
    call->kernel = kernel_index(plan, spec);
  }
}

}  // namespace qatc
