#include "passes/fold_concat_into_conv.h"

#include "passes/rewrite.h"

namespace qatc {

namespace {

/// The operands of the concats that make `id`, nested ones flattened; `id` itself when it is no 8-bit concat.
void append_operands(const Graph& graph, ValueId id, std::vector<ValueId>& operands) {
  const Node* concat = graph.producer_as<Concat>(id);
  if (concat == nullptr || !is_8bit(graph.type(id).dtype)) {
    operands.push_back(id);
    return;
  }
  for (ValueId input : concat->inputs) append_operands(graph, input, operands);
}

}  // namespace

void fold_concat_into_conv(Graph& graph) {
  for (NodeId id : graph.schedule_order()) {
    Node& node = graph.node(id);
    auto* conv = std::get_if<Conv2d>(&node.op);
    if (conv == nullptr) continue;
    const auto parameters = node.inputs.begin() + conv->activations;
    std::vector<ValueId> inputs;
    for (auto input = node.inputs.begin(); input != parameters; ++input) append_operands(graph, *input, inputs);
    conv->activations = static_cast<int64_t>(inputs.size());
    inputs.insert(inputs.end(), parameters, node.inputs.end());
    node.inputs = std::move(inputs);
  }
}

}  // namespace qatc
