#include "passes/fold_constants.h"

#include <algorithm>

#include "ops/op.h"
#include "passes/rewrite.h"

namespace qatc {

namespace {

/// Whether an op on 8-bit values takes operand `i` of the node as integers.
bool reads_integers(const Node& node, size_t i) {
  if (std::holds_alternative<Conv2d>(node.op))
    return i <= activation_count(node);  // the filter follows the activations
  return is_arithmetic(node.op) ? i < activation_count(node) : std::holds_alternative<Concat>(node.op);
}

ValueId evaluate_constant(Graph& graph, const Node& node) {
  std::vector<const Tensor*> inputs;
  std::vector<TensorType> types;
  for (ValueId input : node.inputs) {
    inputs.push_back(&*graph.value(input).constant);
    types.push_back(graph.type(input));
  }
  const TensorType type = graph.type(node.output);
  Tensor result = reference(node.op, inputs, types, type, Rounding::kFloat);
  return add_constant_in_place_of(graph, node.output, type, std::move(result));
}

}  // namespace

void fold_constants(Graph& graph) {
  for (NodeId id : graph.schedule_order()) {
    const Node node = graph.node(id);
    const auto is_constant = [&](ValueId input) { return graph.value(input).constant.has_value(); };
    if (!std::all_of(node.inputs.begin(), node.inputs.end(), is_constant)) continue;
    if (!std::holds_alternative<Dequantize>(node.op)) {
      replace(graph, node.output, evaluate_constant(graph, node));
      graph.remove_node(id);
      continue;
    }
    const bool is_8bit_source = is_8bit(graph.type(node.inputs[0]).dtype);
    std::optional<ValueId> real;
    bool kept = graph.is_output(node.output);
    for (NodeId user : graph.users(node.output)) {
      for (size_t i = 0; i < graph.node(user).inputs.size(); ++i) {
        if (graph.node(user).inputs[i] != node.output) continue;
        if (is_8bit_source && reads_integers(graph.node(user), i)) {
          kept = true;
        } else {
          if (!real) real = evaluate_constant(graph, node);
          graph.node(user).inputs[i] = *real;
        }
      }
    }
    if (!kept) graph.remove_node(id);
  }
}

}  // namespace qatc
