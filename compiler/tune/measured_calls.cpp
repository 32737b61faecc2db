#include "tune/measured_calls.h"

#include <algorithm>
#include <map>
#include <set>

#include "plan/upsampled_conv.h"
#include "qatc_driver_support.h"

namespace qatc {

namespace {

std::array<int64_t, 4> border_of(const KernelSpec& spec, int input) {
  std::array<int64_t, 4> pad{};
  const auto reach = [&](size_t axis, int64_t before, int64_t span) {
    pad[axis] = std::max(pad[axis], before);
    pad[axis + 2] = std::max(pad[axis + 2], span - before);
  };
  for (const KernelConv& conv : spec.convs) {
    if (std::find(conv.inputs.begin(), conv.inputs.end(), input) == conv.inputs.end()) continue;
    for (size_t axis = 0; axis < 2; ++axis) {
      reach(axis, conv.pad[axis], (conv.kernel[axis] - 1) * conv.dilation[axis]);
    }
  }
  for (const KernelStep& step : spec.steps) {
    if (step.kind != KernelStep::Kind::kMaxPool || step.input != input) continue;
    for (size_t axis = 0; axis < 2; ++axis) reach(axis, step.pad[axis], step.kernel[axis] - 1);
  }
  // Where the stride does not divide the size, the last window reaches further.
  constexpr int64_t kSlack = 2;
  return {pad[0], pad[1], pad[2] + kSlack, pad[3] + kSlack};
}

/// Rows of an input that are read for `rows` output rows, its border not counted.
int64_t input_rows(const KernelSpec& spec, int input, int64_t rows, int64_t in_height, int64_t out_height) {
  for (const KernelStep& step : spec.steps) {
    if (step.input != input) continue;
    if (step.kind == KernelStep::Kind::kMaxPool) return rows * step.stride[0];
    if (step.kind == KernelStep::Kind::kResizeLoad) return std::max<int64_t>(1, rows * in_height / out_height);
  }
  for (const KernelConv& conv : spec.convs) {
    if (std::find(conv.inputs.begin(), conv.inputs.end(), input) == conv.inputs.end()) continue;
    return rows * conv.stride[0];
  }
  return rows;
}

class CallLister {
 public:
  CallLister(const Plan& plan, int64_t height, int64_t width) : plan_(plan), height_(height), width_(width) {}

  std::vector<MeasuredCall> run() {
    std::set<NodeId> unused_resizes;
    for (const Stage& stage : plan_.stages) {
      for (const KernelCall& call : stage.calls) {
        if (call.upsampled && is_doubled(call)) unused_resizes.insert(call.upsampled->resize);
      }
    }
    int number = 0;
    for (const Stage& stage : plan_.stages) {
      for (const KernelCall& call : stage.calls) {
        const bool is_unused_resize = std::any_of(call.step_nodes.begin(), call.step_nodes.end(),
                                                  [&](NodeId id) { return unused_resizes.count(id) > 0; });
        MeasuredCall own = measured(call.kernel, call.inputs, call.outputs.front());
        own.call = number;
        if (call.flat_rows) own.pitch = own.width + between_rows(call.outputs.front());
        own.runs = !is_unused_resize && !(call.upsampled && is_doubled(call));
        add(own);
        if (call.upsampled) {
          MeasuredCall upsampled = measured(call.upsampled->kernel, {call.upsampled->image}, call.outputs.front());
          upsampled.call = number;
          upsampled.runs = is_doubled(call);
          add(whole_pairs(upsampled));
        }
        ++number;
      }
    }
    for (const Statistics& statistics : plan_.statistics) {
      if (statistics.sums_kernel >= 0) add(measured(statistics.sums_kernel, {statistics.tensor}, statistics.tensor));
    }
    std::vector<MeasuredCall> result;
    result.reserve(largest_.size());
    for (const auto& [kernel, largest] : largest_) {
      result.push_back(largest);
      result.back().pixels = pixels_.at(kernel);
    }
    return result;
  }

 private:
  bool is_doubled(const KernelCall& call) const { return doubles(plan_, *call.upsampled, height_, width_); }

  int64_t between_rows(int tensor) const {
    const PlanTensor& t = plan_.tensors[static_cast<size_t>(tensor)];
    return t.border[1] + t.border[3] + t.gap;
  }

  MeasuredCall measured(int kernel, const std::vector<int>& inputs, int output) const {
    const KernelSpec& spec = plan_.kernels[static_cast<size_t>(kernel)];
    const auto tensor = [&](int index) -> const PlanTensor& { return plan_.tensors[static_cast<size_t>(index)]; };
    const int64_t out_height = tensor(output).height.evaluate(height_, width_);
    MeasuredCall result;
    result.kernel = kernel;
    result.width = tensor(output).width.evaluate(height_, width_);
    result.channels = tensor(output).channels;
    result.pixels = static_cast<double>(out_height) * static_cast<double>(result.width);
    // As many rows as a stage computes at a time, so that the data lies in the cache as it does then.
    int64_t row_bytes = result.width * spec.out_pixel_stride;
    for (size_t i = 0; i < inputs.size(); ++i) {
      row_bytes = std::max(row_bytes, tensor(inputs[i]).width.evaluate(height_, width_) * spec.inputs[i]);
    }
    result.rows = std::min<int64_t>(out_height, qatc_band_rows(static_cast<size_t>(row_bytes)));
    for (size_t i = 0; i < inputs.size(); ++i) {
      const auto input = static_cast<int>(i);
      const int64_t in_height = tensor(inputs[i]).height.evaluate(height_, width_);
      result.inputs.push_back({input_rows(spec, input, result.rows, in_height, out_height),
                               tensor(inputs[i]).width.evaluate(height_, width_), border_of(spec, input)});
    }
    return result;
  }

  /// Of an upsampled conv, which computes rows and columns in pairs: as at a size that doubles, also where this does
  /// not.
  static MeasuredCall whole_pairs(MeasuredCall call) {
    call.is_upsampled = true;
    call.rows = std::max<int64_t>(call.rows / 2 * 2, 2);
    call.width = std::max<int64_t>(call.width / 2 * 2, 2);
    call.inputs.front().height = call.rows / 2;
    call.inputs.front().width = call.width / 2;
    return call;
  }

  void add(const MeasuredCall& call) {
    const auto [found, is_new] = largest_.emplace(call.kernel, call);
    MeasuredCall& largest = found->second;
    if (is_new || call.runs > largest.runs) {
      largest = call;
      pixels_[call.kernel] = call.pixels;
    } else if (call.runs == largest.runs) {
      if (call.pixels > largest.pixels) largest = call;
      pixels_[call.kernel] += call.pixels;
    }
  }

  const Plan& plan_;
  const int64_t height_, width_;
  std::map<int, MeasuredCall> largest_;  // by kernel; `pixels` of this call
  std::map<int, double> pixels_;         // by kernel; of all calls
};

}  // namespace

std::vector<MeasuredCall> measured_calls(const Plan& plan, int64_t height, int64_t width) {
  return CallLister(plan, height, width).run();
}

}  // namespace qatc
