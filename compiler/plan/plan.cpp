#include "plan/plan.h"

#include <algorithm>

#include "plan/arena.h"
#include "plan/blocks.h"
#include "plan/choose_stages.h"
#include "plan/flat_rows.h"
#include "plan/limits.h"
#include "plan/loads.h"
#include "plan/partition.h"
#include "plan/piece.h"
#include "plan/stages.h"
#include "plan/sums.h"
#include "plan/tensors.h"
#include "plan/upsampled_conv.h"
#include "support/error.h"

namespace qatc {

Plan make_plan(const Graph& graph, Rounding rounding) {
  Plan plan;
  plan.graph = graph;
  plan.rounding = rounding;
  const std::vector<KernelGroup> groups = partition(graph);
  const TensorOfValue tensors = make_tensors(plan, groups);
  widen_borders(plan, tensors);
  const PieceMaker maker(plan, tensors);
  std::vector<Piece> pieces;
  pieces.reserve(groups.size());
  for (const KernelGroup& group : groups) pieces.push_back(maker.make(group));
  plan.limits = find_limits(plan);
  make_stages(plan, choose_stages(plan, pieces, maker));
  add_upsampled_convs(plan);
  load_in_kernels(plan);
  sum_in_kernels(plan);
  number_kernels(plan);
  flatten_rows(plan);
  make_blocks(plan);
  lay_out_arena(plan);
  const SizeLimits& limits = plan.limits;
  if (!supports(plan, limits.min_height, limits.min_width)) {
    throw UserError("an image of " + std::to_string(limits.min_height) + "x" + std::to_string(limits.min_width) +
                    " pixels needs tensors above 2^31 - 1 bytes");
  }
  return plan;
}

const Window* window_of(const Stage& stage, int tensor) {
  const auto found = std::find_if(stage.windows.begin(), stage.windows.end(),
                                  [&](const Window& window) { return window.tensor == tensor; });
  return found == stage.windows.end() ? nullptr : &*found;
}

std::vector<int> stored_outputs(const Stage& stage, const KernelCall& call) {
  std::vector<int> result;
  for (int output : call.outputs) {
    const bool is_known = std::find(result.begin(), result.end(), output) != result.end();
    if (!is_known && window_of(stage, output) == nullptr) result.push_back(output);
  }
  return result;
}

bool needs_scratch(const Stage& stage, const KernelCall& call) {
  return !stored_outputs(stage, call).empty() && std::any_of(call.outputs.begin(), call.outputs.end(), [&](int output) {
    const Window* window = window_of(stage, output);
    return window != nullptr && window->before + window->after > 0;
  });
}

std::vector<int> scratch_tensors(const Stage& stage) {
  std::vector<int> result;
  for (const KernelCall& call : stage.calls) {
    if (!needs_scratch(stage, call)) continue;
    const std::vector<int> stored = stored_outputs(stage, call);
    result.insert(result.end(), stored.begin(), stored.end());
  }
  return result;
}

int split_tensor(const Plan& plan, const Stage& stage) {
  if (stage.kind != Stage::Kind::kKernels) return stage.image;
  if (stage.store_image) return plan.output_tensor;
  for (const KernelCall& call : stage.calls) {
    const std::vector<int> stored = stored_outputs(stage, call);
    if (!stored.empty()) return stored.front();
  }
  QATC_CHECK(false, "a stage stores nothing");
}

InPlace in_place(const Plan& plan) {
  for (const Stage& stage : plan.stages) {
    if (!stage.store_image) continue;
    const Window* image = window_of(stage, plan.input_tensor);
    if (image == nullptr) return InPlace::kAlways;
    const bool is_same_height = plan.tensors[static_cast<size_t>(plan.input_tensor)].height ==
                                plan.tensors[static_cast<size_t>(plan.output_tensor)].height;
    return is_same_height && image->base == 0 && image->before + image->after == 0 ? InPlace::kSameRows
                                                                                   : InPlace::kNever;
  }
  return InPlace::kAlways;
}

int64_t multiply_adds(const Plan& plan, int64_t height, int64_t width) {
  int64_t total = 0;
  for (NodeId id : plan.graph.schedule_order()) {
    const Node& node = plan.graph.node(id);
    const auto* conv = std::get_if<Conv2d>(&node.op);
    if (conv == nullptr) continue;
    const TensorType& out = plan.graph.type(node.output);
    const Tensor& filter = *plan.graph.value(node.inputs[static_cast<size_t>(conv->activations)]).constant;
    total += out.shape[1].evaluate(height, width) * out.shape[2].evaluate(height, width) * filter.size();
  }
  return total;
}

}  // namespace qatc
