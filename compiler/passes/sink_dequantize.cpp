#include "passes/sink_dequantize.h"

#include "passes/rewrite.h"

namespace qatc {

namespace {

/// The 8-bit operands when all operands are dequantized from the same type, else nothing.
std::vector<ValueId> alike_operands(const Graph& graph, const Node& node) {
  std::vector<ValueId> operands;
  for (ValueId input : node.inputs) {
    const std::optional<ValueId> operand = dequantized(graph, input);
    if (!operand) return {};
    const TensorType& type = graph.type(*operand);
    const TensorType& first = operands.empty() ? type : graph.type(operands.front());
    if (type.dtype != first.dtype || type.quant != first.quant) return {};
    operands.push_back(*operand);
  }
  return operands;
}

}  // namespace

void sink_dequantize(Graph& graph) {
  // Sources come first: a dequantize sinks through a chain in one walk.
  for (NodeId id : graph.schedule_order()) {
    const Node node = graph.node(id);
    if (!is_movement(node.op)) continue;
    const std::vector<ValueId> operands = alike_operands(graph, node);
    if (operands.empty()) continue;
    const std::vector<Origin> dequantize_origins = graph.node(*graph.value(node.inputs[0]).producer).origins;
    TensorType type = graph.type(operands[0]);
    type.shape = graph.type(node.output).shape;
    const ValueId moved = add_in_place_of(graph, node.output, node.op, operands, std::move(type), node.origins);
    const ValueId real = graph.add_node(Dequantize{}, {moved}, graph.value(node.output).name, graph.type(node.output),
                                        dequantize_origins);
    replace(graph, node.output, real);
    graph.remove_node(id);
  }
}

}  // namespace qatc
