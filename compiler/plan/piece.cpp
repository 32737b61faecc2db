#include "plan/piece.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "ops/requantize.h"
#include "support/error.h"

namespace qatc {

namespace {

using StepKind = KernelStep::Kind;
// The 16-bit form of a rounded value must hold it (see lower/intrinsics.cpp).
constexpr double kInt16Range = 32767.0;

int64_t channels_of(const TensorType& type) { return type.shape.at(3).constant(); }

size_t filter_operand(const Conv2d& conv) { return static_cast<size_t>(conv.activations); }

/// Whether |acc * multiplier + bias| may exceed what int16 holds before saturation. A filter of zeros counts as one with
/// a single 1: its multiplier must be in float's range, too (KernelStep::clamp).
bool conv_needs_clamp(const Graph& graph, const Node& node) {
  const auto& conv = std::get<Conv2d>(node.op);
  const Value& filter = graph.value(node.inputs[filter_operand(conv)]);
  const Value& bias = graph.value(node.inputs[filter_operand(conv) + 1]);
  const QuantParams& quant = *filter.type.quant;
  const double scale_in = graph.type(node.inputs[0]).quant->scale_at(0);
  const double scale_out = graph.type(node.output).quant->scale_at(0);
  const int64_t outputs = filter.constant->shape[0];
  const int64_t taps = filter.constant->size() / outputs;
  for (int64_t o = 0; o < outputs; ++o) {
    double sum = 0;
    for (int64_t i = 0; i < taps; ++i) {
      sum += std::abs(double(filter.constant->integers[static_cast<size_t>(o * taps + i)]) - quant.zero_point_at(o));
    }
    const double bound = 255.0 * std::max(sum, 1.0) * scale_in * quant.scale_at(o) / scale_out +
                         std::abs(bias.constant->real[static_cast<size_t>(o)]) / scale_out;
    if (!(bound < kInt16Range)) return true;
  }
  return false;
}

bool binary_needs_clamp(const Graph& graph, const Node& node) {
  const double a = graph.type(node.inputs[0]).quant->scale_at(0);
  const double b = graph.type(node.inputs[1]).quant->scale_at(0);
  const double out = graph.type(node.output).quant->scale_at(0);
  const double bound = std::holds_alternative<Add>(node.op) ? 255.0 * (a + b) / out : 255.0 * 255.0 * a * b / out;
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
    const Value& filter = graph().value(node.inputs[filter_operand(op)]);
    KernelConv conv;
    for (int64_t i = 0; i < op.activations; ++i) {
      conv.inputs.push_back(add_input(node.inputs[static_cast<size_t>(i)]));
    }
    conv.kernel = {filter.constant->shape[1], filter.constant->shape[2]};
    conv.stride = op.stride;
    conv.dilation = op.dilation;
    conv.pad = {op.pad[0], op.pad[1]};
    conv.filters = filter.constant->shape[0];
    if (needs_digits(filter)) {
      conv.digits = kFixedPointDigits;
      conv.digit_pairs = has_digit_pairs(filter);
    }
    conv.exact = conv_rounding(filter.type.dtype, Rounding::kFloat) == Rounding::kExact;
    conv.extreme_pairs = has_extreme_pairs(node, filter, conv);
    use_.spec.convs.push_back(conv);
    use_.call.conv_nodes.push_back(id);
    KernelStep step{StepKind::kRequantize};
    step.conv = static_cast<int>(use_.spec.convs.size()) - 1;
    step.clamp = conv_needs_clamp(graph(), node);
    return add_step(step, id);
  }

  static bool needs_digits(const Value& filter) {
    const int64_t taps = filter.constant->size() / filter.constant->shape[0];
    for (size_t i = 0; i < filter.constant->integers.size(); ++i) {
      const int64_t o = static_cast<int64_t>(i) / taps;
      const int64_t w = int64_t{filter.constant->integers[i]} - filter.type.quant->zero_point_at(o);
      if (w < -128 || w > 127) return true;
    }
    return false;
  }

  /// See KernelConv::digit_pairs.
  static bool has_digit_pairs(const Value& filter) {
    constexpr int64_t kLargestDifference = 255;  // |q - zero_point|
    const int64_t taps = filter.constant->size() / filter.constant->shape[0];
    for (int64_t o = 0; o < filter.constant->shape[0]; ++o) {
      std::array<int64_t, kFixedPointDigits / 2> largest{};
      for (int64_t i = o * taps; i < (o + 1) * taps; ++i) {
        const int64_t weight =
            int64_t{filter.constant->integers[static_cast<size_t>(i)]} - filter.type.quant->zero_point_at(o);
        const std::vector<int32_t> digits = balanced_digits(weight, kFixedPointDigits);
        for (size_t pair = 0; pair < largest.size(); ++pair) {
          largest[pair] += kLargestDifference * (std::abs(digits[2 * pair]) + 256 * std::abs(digits[2 * pair + 1]));
        }
      }
      if (*std::max_element(largest.begin(), largest.end()) > INT32_MAX) return false;
    }
    return true;
  }

  /// See KernelConv::extreme_pairs.
  bool has_extreme_pairs(const Node& node, const Value& filter, const KernelConv& conv) const {
    const std::vector<int64_t>& shape = filter.constant->shape;  // O, kh, kw, I
    const int64_t rows = filter.constant->size() / shape[3];
    for (int64_t row = 0; row < rows; ++row) {
      const int64_t zero_point = filter.type.quant->zero_point_at(row / (shape[1] * shape[2]));
      const auto digits = [&](int64_t channel) {
        const auto at = static_cast<size_t>(row * shape[3] + channel);
        return balanced_digits(int64_t{filter.constant->integers[at]} - zero_point, conv.digits);
      };
      int64_t first = 0;
      for (size_t input = 0; input < conv.inputs.size(); ++input) {
        const int64_t channels = channels_of(graph().type(node.inputs[input]));
        for (int64_t c = 0; c + 2 < channels; ++c) {
          if (c % 4 < 2 && have_extreme(digits(first + c), digits(first + c + 2))) return true;
        }
        first += channels;
      }
    }
    return false;
  }

  static bool have_extreme(const std::vector<int32_t>& a, const std::vector<int32_t>& b) {
    for (size_t i = 0; i < a.size(); ++i) {
      if (a[i] == -128 && b[i] == -128) return true;
    }
    return false;
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
