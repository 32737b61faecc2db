#include "plan/flat_rows.h"

#include <algorithm>
#include <numeric>

namespace qatc {

namespace {

/// Of a row, in pixels: what lies between two rows is computed too, and wider borders would widen all gaps.
constexpr int64_t kMostBorder = 8;

/// Whether a kernel reads its inputs at its output's own pixel and at fixed distances from it only.
bool is_linear(const KernelSpec& spec) {
  const bool convs = std::all_of(spec.convs.begin(), spec.convs.end(), [](const KernelConv& conv) {
    return conv.stride == std::array<int64_t, 2>{1, 1} && !conv.upsampled;
  });
  return convs && !moves_pixels(spec);
}

std::vector<int> tensors_of(const KernelCall& call) {
  std::vector<int> tensors = call.inputs;
  tensors.insert(tensors.end(), call.outputs.begin(), call.outputs.end());
  return tensors;
}

class FlatRows {
 public:
  explicit FlatRows(Plan& plan) : plan_(plan), same_pitch_(plan.tensors.size()) {
    std::iota(same_pitch_.begin(), same_pitch_.end(), 0);
  }

  void run() {
    for (Stage& stage : plan_.stages) {
      for (KernelCall& call : stage.calls) {
        call.flat_rows = may_be_flat(stage, call);
        if (call.flat_rows) join(tensors_of(call));
      }
    }
    std::vector<int64_t> widest(plan_.tensors.size(), 0);
    for (size_t i = 0; i < plan_.tensors.size(); ++i) {
      int64_t& most = widest[static_cast<size_t>(first_of(static_cast<int>(i)))];
      most = std::max(most, border(static_cast<int>(i)));
    }
    for (size_t i = 0; i < plan_.tensors.size(); ++i) {
      plan_.tensors[i].gap = widest[static_cast<size_t>(first_of(static_cast<int>(i)))] - border(static_cast<int>(i));
    }
  }

 private:
  const PlanTensor& tensor(int id) const { return plan_.tensors[static_cast<size_t>(id)]; }

  int64_t border(int id) const { return tensor(id).border[1] + tensor(id).border[3]; }

  /// Not where rows are written to one scratch row: none follows another there. Not slices: the border of a tensor of
  /// several is filled once, when all are there. Tensors of other widths have no pitch in common at every size.
  bool may_be_flat(const Stage& stage, const KernelCall& call) const {
    const KernelSpec& spec = plan_.kernels[static_cast<size_t>(call.kernel)];
    if (!is_linear(spec) || needs_scratch(stage, call) || spec.out_channels != spec.out_pixel_stride) return false;
    const std::vector<int> tensors = tensors_of(call);
    return std::all_of(tensors.begin(), tensors.end(), [&](int id) {
      return tensor(id).width == tensor(tensors.front()).width && border(id) <= kMostBorder;
    });
  }

  /// Of the tensors that get the same pitch as this one, the first.
  int first_of(int id) const {
    while (same_pitch_[static_cast<size_t>(id)] != id) id = same_pitch_[static_cast<size_t>(id)];
    return id;
  }

  void join(const std::vector<int>& tensors) {
    for (int id : tensors) {
      const int a = first_of(tensors.front());
      const int b = first_of(id);
      same_pitch_[static_cast<size_t>(std::max(a, b))] = std::min(a, b);
    }
  }

  Plan& plan_;
  std::vector<int> same_pitch_;  // disjoint sets: of each tensor, another of its set before it, or itself
};

}  // namespace

void flatten_rows(Plan& plan) { FlatRows(plan).run(); }

}  // namespace qatc
