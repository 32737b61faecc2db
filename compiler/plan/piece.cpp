#include "plan/piece.h"

#include <algorithm>
#include <map>

#include "ops/requantize.h"
#include "plan/filter_facts.h"
#include "support/error.h"

namespace qatc {

namespace {

using StepKind = KernelStep::Kind;

int64_t channels_of(const TensorType& type) { return type.shape.at(3).constant(); }

bool binary_needs_clamp(const Graph& graph, const Node& node) {
  const double a = graph.type(node.inputs[0]).quant->scale_at(0);
  const double b = graph.type(node.inputs[1]).quant->scale_at(0);
  const double out = graph.type(node.output).quant->scale_at(0);
  const double bound = std::holds_alternative<Add>(node.op) ? kLargestDifference * (a + b) / out
                                                            : kLargestDifference * kLargestDifference * a * b / out;
  return !(bound < kInt16Range);
}

/// One kernel and its call in the making.
class UseMaker {
 public:
  UseMaker(const Plan& plan, const TensorOfValue& tensor_of) : plan_(plan), tensor_of_(tensor_of) {}

  KernelUse make(const std::vector<NodeId>& nodes, const std::set<ValueId>& outputs) {
    for (NodeId id : nodes) {
      const Node& node = graph().node(id);
      step_of_[node.output] = add_node(id);
      use_.call.origins.insert(use_.call.origins.end(), node.origins.begin(), node.origins.end());
      use_.spec.out_channels = storage_channels(channels_of(graph().type(node.output)));
      if (outputs.count(node.output) == 0) continue;
      use_.spec.outputs.push_back(step_of_[node.output]);
      use_.call.outputs.push_back(tensor_of_.at(node.output));
    }
    use_.spec.out_pixel_stride = use_.spec.out_channels;
    use_.spec.rounding = plan_.rounding;
    return std::move(use_);
  }

  /// Copies a value into the channels of `out` from `first_channel` on.
  KernelUse copy(ValueId input, int out, int64_t first_channel, const std::vector<Origin>& origins) {
    use_.spec.out_channels = channels_of(graph().type(input));
    use_.spec.out_pixel_stride = storage_channels(tensor(out).channels);
    use_.spec.outputs = {operand(input)};
    use_.spec.rounding = plan_.rounding;
    use_.call.outputs = {out};
    use_.call.origins = origins;
    use_.call.slice_offset = first_channel;
    return std::move(use_);
  }

 private:
  const Graph& graph() const { return plan_.graph; }
  const PlanTensor& tensor(int id) const { return plan_.tensors[static_cast<size_t>(id)]; }

  int add_input(ValueId value) {
    const int id = tensor_of_.at(value);
    const auto found = std::find(use_.call.inputs.begin(), use_.call.inputs.end(), id);
    if (found != use_.call.inputs.end()) return static_cast<int>(found - use_.call.inputs.begin());
    use_.call.inputs.push_back(id);
    use_.spec.inputs.push_back(storage_channels(tensor(id).channels));
    return static_cast<int>(use_.call.inputs.size()) - 1;
  }

  int add_step(KernelStep step, NodeId node) {
    use_.spec.steps.push_back(step);
    use_.call.step_nodes.push_back(node);
    return static_cast<int>(use_.spec.steps.size()) - 1;
  }

  int operand(ValueId value) {
    const auto found = step_of_.find(value);
    if (found != step_of_.end()) return found->second;
    KernelStep load{StepKind::kLoad};
    load.input = add_input(value);
    return step_of_[value] = add_step(load, kNoNode);
  }

  int add_conv(NodeId id) {
    const Node& node = graph().node(id);
    const auto& op = std::get<Conv2d>(node.op);
    const Value& filter = graph().value(node.inputs[static_cast<size_t>(op.activations)]);
    KernelConv conv;
    for (int64_t i = 0; i < op.activations; ++i) {
      conv.inputs.push_back(add_input(node.inputs[static_cast<size_t>(i)]));
    }
    conv.kernel = {filter.constant->shape[1], filter.constant->shape[2]};
    conv.stride = op.stride;
    conv.dilation = op.dilation;
    conv.pad = {op.pad[0], op.pad[1]};
    conv.filters = filter.constant->shape[0];
    if (needs_digits(graph(), node)) {
      conv.digits = kFixedPointDigits;
      conv.digit_pairs = has_digit_pairs(graph(), node);
    }
    conv.exact = conv_rounding(filter.type.dtype, Rounding::kFloat) == Rounding::kExact;
    conv.extreme_pairs = has_extreme_pairs(graph(), node, conv.digits);
    use_.spec.convs.push_back(conv);
    use_.call.conv_nodes.push_back(id);
    KernelStep step{StepKind::kRequantize};
    step.conv = static_cast<int>(use_.spec.convs.size()) - 1;
    step.clamp = conv_needs_clamp(graph(), node);
    return add_step(step, id);
  }

  int add_node(NodeId id) {
    const Node& node = graph().node(id);
    if (std::holds_alternative<Conv2d>(node.op)) return add_conv(id);
    KernelStep step{StepKind::kLookup};
    if (std::holds_alternative<Lookup>(node.op)) {
      step.a = operand(node.inputs[0]);
    } else if (std::holds_alternative<Add>(node.op) || std::holds_alternative<Mul>(node.op)) {
      step.kind = std::holds_alternative<Add>(node.op) ? StepKind::kAdd : StepKind::kMul;
      step.a = operand(node.inputs[0]);
      step.b = operand(node.inputs[1]);
      step.clamp = binary_needs_clamp(graph(), node);
    } else if (std::holds_alternative<InstanceNorm>(node.op)) {
      step.kind = StepKind::kAffine;
      step.a = operand(node.inputs[0]);
    } else if (const auto* pool = std::get_if<MaxPool>(&node.op)) {
      step.kind = StepKind::kMaxPool;
      step.input = add_input(node.inputs[0]);
      step.kernel = pool->kernel;
      step.stride = pool->stride;
      step.pad = {pool->pad[0], pool->pad[1]};
      step.clamp_to_edge = pool->pad != std::array<int64_t, 4>{};
    } else if (std::holds_alternative<Resize>(node.op)) {
      step.kind = StepKind::kResizeLoad;
      step.input = add_input(node.inputs[0]);
    } else {
      QATC_CHECK(false, "op has no kernel: " + std::string(op_name(node.op)));
    }
    return add_step(step, id);
  }

  const Plan& plan_;
  const TensorOfValue& tensor_of_;
  KernelUse use_;
  std::map<ValueId, int> step_of_;
};

/// The nodes of a group that `outputs` need, in the group's order.
std::vector<NodeId> needed_nodes(const Graph& graph, const KernelGroup& group, const std::set<ValueId>& outputs) {
  std::set<ValueId> needed = outputs;
  std::vector<NodeId> nodes;
  for (size_t i = group.size(); i-- > 0;) {
    const Node& node = graph.node(group[i]);
    if (needed.count(node.output) == 0) continue;
    needed.insert(node.inputs.begin(), node.inputs.end());
    nodes.insert(nodes.begin(), group[i]);
  }
  return nodes;
}

}  // namespace

Piece PieceMaker::make(const KernelGroup& group) const {
  std::set<ValueId> outputs;
  for (NodeId id : group) {
    const ValueId value = plan_.graph.node(id).output;
    if (tensor_of_.count(value) > 0) outputs.insert(value);
  }
  return make(group, outputs);
}

Piece PieceMaker::make(const KernelGroup& group, const std::set<ValueId>& outputs) const {
  Piece piece;
  const Node& first = plan_.graph.node(group.front());
  if (std::holds_alternative<Concat>(first.op)) {
    piece.nodes = group;
    int64_t channel = 0;
    for (ValueId input : first.inputs) {
      piece.uses.push_back(
          UseMaker(plan_, tensor_of_).copy(input, tensor_of_.at(first.output), channel, first.origins));
      channel += piece.uses.back().spec.out_channels;
    }
    return piece;
  }
  piece.nodes = needed_nodes(plan_.graph, group, outputs);
  piece.uses.push_back(UseMaker(plan_, tensor_of_).make(piece.nodes, outputs));
  return piece;
}

}  // namespace qatc
