#include "passes/hoist_quantize.h"

#include "passes/rewrite.h"

namespace qatc {

namespace {

bool is_clamp(const Op& op) { return std::holds_alternative<Relu>(op) || std::holds_alternative<Clip>(op); }

TensorType with_shape_of(TensorType type, const TensorType& shaped) {
  type.shape = shaped.shape;
  return type;
}

}  // namespace

void hoist_quantize(Graph& graph) {
  std::vector<NodeId> work;
  for (NodeId id : graph.schedule_order()) {
    if (std::holds_alternative<Quantize>(graph.node(id).op)) work.push_back(id);
  }
  for (size_t next = 0; next < work.size(); ++next) {
    const NodeId id = work[next];
    const Node quantize = graph.node(id);
    const TensorType type = graph.type(quantize.output);
    const std::optional<NodeId> producer = graph.value(quantize.inputs[0]).producer;
    if (!producer || !is_8bit_per_tensor(type)) continue;
    const Node node = graph.node(*producer);
    const auto hoist_to = [&](ValueId input) {
      const ValueId hoisted = graph.add_node(Quantize{}, {input}, graph.value(input).name,
                                             with_shape_of(type, graph.type(input)), quantize.origins);
      work.push_back(*graph.value(hoisted).producer);
      return hoisted;
    };
    if (is_movement(node.op)) {
      std::vector<ValueId> inputs;
      for (ValueId input : node.inputs) inputs.push_back(hoist_to(input));
      const ValueId moved =
          add_in_place_of(graph, node.output, node.op, inputs, type, join(node.origins, quantize.origins));
      replace(graph, quantize.output, moved);
      graph.remove_node(id);
    } else if (is_clamp(node.op) && !dequantized(graph, elementwise_source(graph, node.output))) {
      const ValueId input = node.inputs[0];
      const ValueId rounded =
          graph.add_node(Dequantize{}, {hoist_to(input)}, graph.value(input).name, graph.type(input), quantize.origins);
      const ValueId clamped =
          add_in_place_of(graph, node.output, node.op, {rounded}, graph.type(node.output), node.origins);
      graph.node(id).inputs[0] = clamped;
    }
  }
}

}  // namespace qatc
