#include "passes/refuse_real_ops.h"

#include <algorithm>

#include "passes/rewrite.h"
#include "support/error.h"

namespace qatc {

namespace {

constexpr const char* kPerTensor = "activations must be quantized per tensor, this is per channel";
constexpr const char* kPair = "QuantizeLinear and DequantizeLinear";

class Judge {
 public:
  explicit Judge(const Graph& graph) : graph_(graph) {}

  std::vector<std::string> faults() {
    bool all_allowed = true;
    for (NodeId id : graph_.schedule_order()) {
      if (is_allowed(id)) continue;
      all_allowed = false;
      const std::string reason = fault(id);
      if (!reason.empty()) lines_.push_back("node " + describe(graph_, id) + ": " + reason);
    }
    for (ValueId output : graph_.outputs()) {
      const Value& value = graph_.value(output);
      if (!value.producer) lines_.push_back("graph output '" + value.name + "' is not computed by any node");
    }
    // A node at fault explains those after it; but never let one pass unexplained.
    if (!all_allowed && lines_.empty()) {
      for (NodeId id : graph_.schedule_order()) {
        if (!is_allowed(id)) lines_.push_back("node " + describe(graph_, id) + ": cannot be computed on 8-bit values");
      }
    }
    return lines_;
  }

 private:
  bool is_graph_input(ValueId id) const { return !graph_.value(id).producer && !graph_.value(id).constant; }

  bool is_allowed(NodeId id) const {
    const Node& node = graph_.node(id);
    if (std::holds_alternative<Quantize>(node.op)) {
      return is_graph_input(node.inputs[0]) && is_8bit_per_tensor(graph_.type(node.output));
    }
    if (!graph_.type(node.output).is_real()) return true;
    return ends_at_outputs(node.output) && dequantized(graph_, elementwise_source(graph_, node.output));
  }

  /// Nothing but elementwise chains to graph outputs reads the value.
  bool ends_at_outputs(ValueId id) const {
    for (NodeId user : graph_.users(id)) {
      const Node& node = graph_.node(user);
      if (!is_elementwise(node.op) || !ends_at_outputs(node.output)) return false;
    }
    return true;
  }

  std::string describe_maker(ValueId id) const {
    const Value& value = graph_.value(id);
    if (value.producer) return describe(graph_, *value.producer);
    return std::string(value.constant ? "constant '" : "graph input '") + value.name + "'";
  }

  /// Empty when another node's fault is the cause.
  std::string fault(NodeId id) const {
    const Node& node = graph_.node(id);
    if (std::holds_alternative<Quantize>(node.op)) {
      if (!is_8bit_per_tensor(graph_.type(node.output))) return kPerTensor;
      return graph_.value(node.inputs[0]).constant ? "quantizes a constant that is not part of an 8-bit op" : "";
    }
    if (std::holds_alternative<Dequantize>(node.op)) {
      if (!is_8bit_per_tensor(graph_.type(node.inputs[0])) && !graph_.value(node.inputs[0]).constant) {
        return kPerTensor;
      }
      return "";
    }
    const std::string operand = operand_fault(node);
    return operand.empty() ? result_fault(node) : operand;
  }

  std::string operand_fault(const Node& node) const {
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const ValueId input = node.inputs[i];
      if (i >= activation_count(node)) {
        const Node* dequantize = graph_.producer_as<Dequantize>(input);
        const ValueId source = dequantize != nullptr ? dequantize->inputs[0] : input;
        if (graph_.value(source).constant) continue;
        return parameter_name(node, i) + " must be constant, got output of " + describe_maker(source);
      }
      if (dequantized(graph_, input)) continue;
      const Value& value = graph_.value(input);
      if (is_graph_input(input)) {
        return std::string("reads the graph input as real numbers; put ") + kPair + " after the input";
      }
      if (value.constant || graph_.producer_as<Dequantize>(input) != nullptr) {
        return "an operand is constant, which is not supported; compute it from the input or fold it into a "
               "neighbour";
      }
      // What is not elementwise reports a result that is read as real numbers itself.
      if (!is_arithmetic(node.op) || !is_elementwise(graph_.node(*value.producer).op)) continue;
      return "reads the result of " + describe_maker(input) + " as real numbers; put " + kPair + " between them";
    }
    return "";
  }

  std::string result_fault(const Node& node) const {
    if (is_elementwise(node.op)) {
      const ValueId source = elementwise_source(graph_, node.output);
      if (source != node.inputs[0] || !graph_.value(source).producer) return "";
      const NodeId maker = *graph_.value(source).producer;
      if (!is_arithmetic(graph_.node(maker).op)) return "";
      const std::string op_type = graph_.node(maker).origins.empty() ? std::string(op_name(graph_.node(maker).op))
                                                                     : graph_.node(maker).origins.front().op_type;
      if (std::holds_alternative<Relu>(node.op) || std::holds_alternative<Clip>(node.op)) return "";
      return "an activation between " + op_type + " and QuantizeLinear must be Relu or Clip; put " + kPair + " after " +
             describe(graph_, maker);
    }
    if (graph_.is_output(node.output)) {
      return std::string("its result is a graph output without QuantizeLinear; put ") + kPair + " after it";
    }
    for (NodeId user : graph_.users(node.output)) {
      const Op& op = graph_.node(user).op;
      if (std::holds_alternative<Quantize>(op)) continue;
      if (is_elementwise(op) && !(std::holds_alternative<Relu>(op) || std::holds_alternative<Clip>(op))) continue;
      return "its result is read as real numbers by " + describe(graph_, user) + "; put " + kPair + " between them";
    }
    return "";
  }

  static std::string parameter_name(const Node& node, size_t i) {
    const size_t parameter = i - activation_count(node);
    if (std::holds_alternative<Conv2d>(node.op)) return parameter == 0 ? "filter" : "bias";
    return parameter == 0 ? "scale" : "bias";
  }

  const Graph& graph_;
  std::vector<std::string> lines_;
};

}  // namespace

void refuse_real_ops(Graph& graph) {
  std::vector<std::string> faults = Judge(graph).faults();
  if (!faults.empty()) throw UserError(std::move(faults));
}

}  // namespace qatc
