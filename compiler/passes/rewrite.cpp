#include "passes/rewrite.h"

#include <algorithm>

namespace qatc {

namespace {

template <class... OpTypes>
bool is_one_of(const Op& op) {
  return (std::holds_alternative<OpTypes>(op) || ...);
}

}  // namespace

bool is_elementwise(const Op& op) { return is_one_of<Tanh, Relu, LeakyRelu, Clip>(op); }
bool is_movement(const Op& op) { return is_one_of<MaxPool, Resize, Concat>(op); }
bool is_arithmetic(const Op& op) { return is_one_of<Conv2d, Add, Mul, InstanceNorm>(op); }

size_t activation_count(const Node& node) {
  if (const auto* conv = std::get_if<Conv2d>(&node.op)) return static_cast<size_t>(conv->activations);
  if (is_one_of<Lookup, InstanceNorm>(node.op)) return 1;
  return node.inputs.size();
}

bool is_8bit_per_tensor(const TensorType& type) { return is_8bit(type.dtype) && type.quant && !type.quant->axis; }

std::optional<ValueId> dequantized(const Graph& graph, ValueId id) {
  const Node* node = graph.producer_as<Dequantize>(id);
  if (node == nullptr) return std::nullopt;
  const Value& source = graph.value(node->inputs[0]);
  if (source.constant || !is_8bit_per_tensor(source.type)) return std::nullopt;
  return node->inputs[0];
}

ValueId elementwise_source(const Graph& graph, ValueId id) {
  while (const std::optional<NodeId> producer = graph.value(id).producer) {
    if (!is_elementwise(graph.node(*producer).op)) break;
    id = graph.node(*producer).inputs[0];
  }
  return id;
}

std::vector<Origin> join(std::vector<Origin> first, const std::vector<Origin>& second) {
  for (const Origin& origin : second) {
    if (std::find(first.begin(), first.end(), origin) == first.end()) first.push_back(origin);
  }
  return first;
}

ValueId add_in_place_of(Graph& graph, ValueId old, Op op, std::vector<ValueId> inputs, TensorType type,
                        std::vector<Origin> origins) {
  const ValueId fresh =
      graph.add_node(std::move(op), std::move(inputs), graph.value(old).name, std::move(type), std::move(origins));
  if (!graph.is_output(old)) std::swap(graph.value(fresh).name, graph.value(old).name);
  return fresh;
}

ValueId add_constant_in_place_of(Graph& graph, ValueId old, TensorType type, Tensor data) {
  const ValueId fresh = graph.add_constant(graph.value(old).name, std::move(type), std::move(data));
  if (!graph.is_output(old)) std::swap(graph.value(fresh).name, graph.value(old).name);
  return fresh;
}

bool can_replace(const Graph& graph, ValueId from, ValueId to) {
  if (!graph.is_output(from)) return true;
  const bool is_input = !graph.value(to).producer && !graph.value(to).constant;
  return !is_input && !graph.is_output(to);
}

void replace(Graph& graph, ValueId from, ValueId to) {
  if (graph.is_output(from)) std::swap(graph.value(from).name, graph.value(to).name);
  graph.replace_uses(from, to);
}

}  // namespace qatc
