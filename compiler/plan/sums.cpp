#include "plan/sums.h"

#include <algorithm>

#include "plan/stages.h"

namespace qatc {

namespace {

/// Which of a call's outputs is this tensor; -1: none.
int output_index(const KernelCall& call, int tensor) {
  const auto found = std::find(call.outputs.begin(), call.outputs.end(), tensor);
  return found == call.outputs.end() ? -1 : static_cast<int>(found - call.outputs.begin());
}

class KernelSums {
 public:
  explicit KernelSums(Plan& plan) : plan_(plan) {}

  void run() {
    for (Stage& stage : plan_.stages) {
      for (int id : stage.statistics) {
        KernelCall* call = summing_call(stage, statistics(id).tensor);
        if (call != nullptr) {
          KernelSpec spec = kernel(call->kernel);
          spec.summed = output_index(*call, statistics(id).tensor);
          call->kernel = kernel_index(plan_, spec);
          call->statistics = id;
        } else {
          statistics(id).sums_kernel = kernel_index(plan_, channel_sums(statistics(id).tensor));
        }
      }
    }
  }

 private:
  const KernelSpec& kernel(int id) const { return plan_.kernels[static_cast<size_t>(id)]; }
  Statistics& statistics(int id) { return plan_.statistics[static_cast<size_t>(id)]; }

  /// The call whose kernel can sum this tensor; or nullptr.
  KernelCall* summing_call(Stage& stage, int tensor) const {
    KernelCall* writer = nullptr;
    for (KernelCall& call : stage.calls) {
      if (output_index(call, tensor) < 0) continue;
      const KernelSpec& spec = kernel(call.kernel);
      const bool is_whole = spec.out_channels == spec.out_pixel_stride;
      if (writer != nullptr || !is_whole || call.upsampled || call.statistics >= 0 || needs_scratch(stage, call))
        return nullptr;
      writer = &call;
    }
    return writer;
  }

  KernelSpec channel_sums(int tensor) const {
    KernelSpec sums;
    sums.inputs = {storage_channels(plan_.tensors[static_cast<size_t>(tensor)].channels)};
    sums.out_channels = sums.out_pixel_stride = sums.inputs[0];
    sums.summed = 0;
    sums.rounding = plan_.rounding;
    return sums;
  }

  Plan& plan_;
};

}  // namespace

void sum_in_kernels(Plan& plan) { KernelSums(plan).run(); }

}  // namespace qatc
