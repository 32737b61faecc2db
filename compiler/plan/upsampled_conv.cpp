#include "plan/upsampled_conv.h"

#include <algorithm>

#include "plan/reach.h"
#include "plan/stages.h"
#include "qatc_driver_support.h"
#include "support/error.h"

namespace qatc {

namespace {

/// Whether a side of an image is doubled: axis 0 is the height.
bool is_doubled(int64_t from, int64_t to, size_t axis) {
  return (axis == 0 ? qatc_doubles_height(from, to) : qatc_doubles_width(from, to)) != 0;
}

/// Whether a resize shows pixel i / 2 at i wherever the width doubles. It shows i * denominator / numerator or, without
/// a scale, i * in / out: i / 2 for a scale of exactly 2 and for out = 2 * in. A border of 1 around the image stands
/// for that of the upsampled one: -1 and 2n lie in pixels -1 and n, and both are filled with the same zero point. Rows
/// are found in the resize's map.
bool can_double(const Graph& graph, const Node& node) {
  const auto& resize = std::get<Resize>(node.op);
  const Shape& in = graph.type(node.inputs[0]).shape;
  for (size_t axis = 0; axis < 2; ++axis) {
    const Extent& from = in[axis + 1];
    const Extent& to = resize.size[axis];
    if (from.is_constant() && to.is_constant() && !is_doubled(from.constant(), to.constant(), axis)) return false;
    if (resize.numerator[axis] > 0 && resize.numerator[axis] != 2 * resize.denominator[axis]) return false;
  }
  return true;
}

class UpsampledConvMaker {
 public:
  UpsampledConvMaker(Plan& plan, Stage& stage) : plan_(plan), stage_(stage) {}

  void run() {
    for (size_t call = 0; call < stage_.calls.size(); ++call) add(static_cast<int>(call));
  }

 private:
  void add(int index) {
    KernelCall& call = stage_.calls[static_cast<size_t>(index)];
    const KernelCall* doubling = doubling_of(call);
    if (doubling == nullptr) return;
    const int image = doubling->inputs.front();
    for (int64_t& pad : plan_.tensors[static_cast<size_t>(image)].border) pad = std::max<int64_t>(pad, 1);
    for (Window& window : stage_.windows) {
      if (window.tensor == image) window.readers.push_back({index, {RowsNeeded::Kind::kUpsampled, 1, 0, 0}});
    }
    KernelSpec spec = plan_.kernels[static_cast<size_t>(call.kernel)];
    spec.convs.front().upsampled = true;
    call.upsampled = UpsampledConv{kernel_index(plan_, spec), image, doubling->step_nodes.front()};
    const bool is_found = find_reach(stage_);
    QATC_CHECK(is_found, "an upsampled conv reads the rows that the resize reads");
  }

  /// The call of the same stage whose upsampled image, read by nobody else, this one convolves; or nullptr.
  const KernelCall* doubling_of(const KernelCall& call) const {
    if (!is_conv_of_one_image(call)) return nullptr;
    const Window* window = window_of(stage_, call.inputs.front());
    if (window == nullptr || window->writer == Window::kImage || window->readers.size() != 1) return nullptr;
    const KernelCall& writer = stage_.calls[static_cast<size_t>(window->writer)];
    const std::vector<KernelStep>& steps = plan_.kernels[static_cast<size_t>(writer.kernel)].steps;
    if (steps.size() != 1 || steps[0].kind != KernelStep::Kind::kResizeLoad) return nullptr;
    return can_double(plan_.graph, plan_.graph.node(writer.step_nodes.front())) ? &writer : nullptr;
  }

  /// A single conv, 3x3 around each pixel, and what can be computed from it alone.
  bool is_conv_of_one_image(const KernelCall& call) const {
    const KernelSpec& spec = plan_.kernels[static_cast<size_t>(call.kernel)];
    if (spec.convs.size() != 1 || spec.inputs.size() != 1 || call.outputs.size() != 1 || needs_scratch(stage_, call) ||
        spec.out_pixel_stride != spec.out_channels) {
      return false;
    }
    const KernelConv& conv = spec.convs.front();
    const std::array<int64_t, 2> one{1, 1};
    return conv.kernel == std::array<int64_t, 2>{3, 3} && conv.stride == one && conv.dilation == one &&
           conv.pad == one && conv.digits == 1 &&
           std::all_of(spec.steps.begin(), spec.steps.end(), [](const KernelStep& step) { return step.input < 0; });
  }

  Plan& plan_;
  Stage& stage_;
};

}  // namespace

bool doubles(const Plan& plan, const UpsampledConv& conv, int64_t height, int64_t width) {
  const Node& resize = plan.graph.node(conv.resize);
  const Shape& in = plan.graph.type(resize.inputs[0]).shape;
  const Shape& out = plan.graph.type(resize.output).shape;
  for (size_t axis = 0; axis < 2; ++axis) {
    if (!is_doubled(in[axis + 1].evaluate(height, width), out[axis + 1].evaluate(height, width), axis)) return false;
  }
  return true;
}

void add_upsampled_convs(Plan& plan) {
  for (Stage& stage : plan.stages) UpsampledConvMaker(plan, stage).run();
}

}  // namespace qatc
