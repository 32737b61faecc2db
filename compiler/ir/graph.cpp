#include "ir/graph.h"

#include <algorithm>
#include <queue>

#include "support/error.h"

namespace qatc {

std::string_view op_name(const Op& op) {
  struct Namer {
    std::string_view operator()(const std::monostate&) const { return "removed"; }
#define QATC_OP(Type, stem) \
  std::string_view operator()(const Type&) const { return #stem; }
#include "ir/ops.def"
#undef QATC_OP
  };
  return std::visit(Namer(), op);
}

std::string Graph::unique_name(std::string name) {
  const auto [taken, is_free] = names_.try_emplace(name, 0);
  if (is_free) return name;
  // Names are never given back: suffixes that were taken still are.
  std::string candidate;
  do {
    candidate = name + "." + std::to_string(++taken->second);
  } while (names_.count(candidate) > 0);
  names_.emplace(candidate, 0);
  return candidate;
}

ValueId Graph::add_input(std::string name, TensorType type) {
  const auto id = static_cast<ValueId>(values_.size());
  values_.push_back({unique_name(std::move(name)), std::move(type), std::nullopt, std::nullopt});
  inputs_.push_back(id);
  return id;
}

ValueId Graph::add_constant(std::string name, TensorType type, Tensor data) {
  const auto id = static_cast<ValueId>(values_.size());
  values_.push_back({unique_name(std::move(name)), std::move(type), std::move(data), std::nullopt});
  return id;
}

ValueId Graph::add_node(Op op, std::vector<ValueId> inputs, std::string name, TensorType type,
                        std::vector<Origin> origins) {
  const auto value_id = static_cast<ValueId>(values_.size());
  const auto node_id = static_cast<NodeId>(nodes_.size());
  values_.push_back({unique_name(std::move(name)), std::move(type), std::nullopt, node_id});
  nodes_.push_back({std::move(op), std::move(inputs), value_id, std::move(origins)});
  return value_id;
}

bool Graph::is_output(ValueId id) const { return std::find(outputs_.begin(), outputs_.end(), id) != outputs_.end(); }

std::vector<NodeId> Graph::users(ValueId id) const {
  std::vector<NodeId> result;
  for (size_t i = 0; i < nodes_.size(); ++i) {
    const std::vector<ValueId>& inputs = nodes_[i].inputs;
    if (std::find(inputs.begin(), inputs.end(), id) != inputs.end()) result.push_back(static_cast<NodeId>(i));
  }
  return result;
}

void Graph::replace_uses(ValueId from, ValueId to) {
  for (Node& n : nodes_) std::replace(n.inputs.begin(), n.inputs.end(), from, to);
  std::replace(outputs_.begin(), outputs_.end(), from, to);
}

void Graph::remove_node(NodeId id) {
  Node& n = node(id);
  value(n.output).producer.reset();
  n = Node{{}, {}, n.output, {}};
}

std::vector<NodeId> Graph::schedule_order() const {
  std::vector<int> missing(nodes_.size(), 0);
  std::vector<std::vector<NodeId>> readers(values_.size());
  std::priority_queue<NodeId, std::vector<NodeId>, std::greater<>> ready;
  size_t live = 0;
  for (size_t i = 0; i < nodes_.size(); ++i) {
    const Node& n = nodes_[i];
    if (std::holds_alternative<std::monostate>(n.op)) continue;
    ++live;
    for (ValueId input : n.inputs) {
      if (!value(input).producer) continue;
      ++missing[i];
      readers[index(input)].push_back(static_cast<NodeId>(i));
    }
    if (missing[i] == 0) ready.push(static_cast<NodeId>(i));
  }
  std::vector<NodeId> order;
  order.reserve(live);
  while (!ready.empty()) {
    const NodeId id = ready.top();
    ready.pop();
    order.push_back(id);
    for (NodeId reader : readers[index(node(id).output)]) {
      if (--missing[index(reader)] == 0) ready.push(reader);
    }
  }
  if (order.size() != live) {
    for (size_t i = 0; i < nodes_.size(); ++i) {
      if (missing[i] > 0)
        throw UserError("node " + describe(*this, static_cast<NodeId>(i)) +
                        ": the graph has a cycle through this node");
    }
  }
  return order;
}

std::string describe(const Graph& graph, NodeId id) {
  const Node& n = graph.node(id);
  if (n.origins.empty()) return "'" + graph.value(n.output).name + "' (" + std::string(op_name(n.op)) + ")";
  return "'" + n.origins.front().name + "' (" + n.origins.front().op_type + ")";
}

}  // namespace qatc
