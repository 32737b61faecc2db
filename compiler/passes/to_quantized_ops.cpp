#include "passes/to_quantized_ops.h"

#include "passes/rewrite.h"

namespace qatc {

namespace {

/// The operands of the op on 8-bit values; nothing when some operand has no such form.
std::optional<std::vector<ValueId>> quantized_operands(const Graph& graph, const Node& node) {
  std::vector<ValueId> operands = node.inputs;
  const size_t activations = activation_count(node);
  for (size_t i = 0; i < operands.size(); ++i) {
    if (i < activations) {
      const std::optional<ValueId> operand = dequantized(graph, operands[i]);
      if (!operand) return std::nullopt;
      operands[i] = *operand;
      continue;
    }
    if (std::holds_alternative<Conv2d>(node.op) && i == activations) {
      const Node* filter = graph.producer_as<Dequantize>(operands[i]);
      if (filter == nullptr) return std::nullopt;
      operands[i] = filter->inputs[0];
    }
    if (!graph.value(operands[i]).constant) return std::nullopt;
  }
  return operands;
}

}  // namespace

void to_quantized_ops(Graph& graph) {
  for (NodeId id : graph.schedule_order()) {
    const Node quantize = graph.node(id);
    if (!std::holds_alternative<Quantize>(quantize.op)) continue;
    const TensorType type = graph.type(quantize.output);
    const std::optional<NodeId> producer = graph.value(quantize.inputs[0]).producer;
    if (!producer || !is_8bit_per_tensor(type)) continue;
    const Node node = graph.node(*producer);
    if (!is_arithmetic(node.op)) continue;
    const std::optional<std::vector<ValueId>> operands = quantized_operands(graph, node);
    if (!operands) continue;
    const ValueId result =
        add_in_place_of(graph, node.output, node.op, *operands, type, join(node.origins, quantize.origins));
    replace(graph, quantize.output, result);
    graph.remove_node(id);
  }
}

}  // namespace qatc
