#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ir/ops.h"
#include "ir/tensor.h"
#include "ir/type.h"

namespace qatc {

enum class ValueId : int32_t {};
enum class NodeId : int32_t {};
inline size_t index(ValueId id) { return static_cast<size_t>(id); }
inline size_t index(NodeId id) { return static_cast<size_t>(id); }

/// The ONNX node something came from, for messages; a fused node keeps them all.
struct Origin {
  std::string name, op_type;
  friend bool operator==(const Origin&, const Origin&) = default;
};

/// One tensor: a graph input, a constant, or the result of exactly one node.
struct Value {
  std::string name;  // unique in the graph; may be swapped with another value's
  TensorType type;
  std::optional<Tensor> constant;
  std::optional<NodeId> producer;
};

/// One op with one result.
struct Node {
  Op op;  // std::monostate: removed
  std::vector<ValueId> inputs;
  ValueId output{};
  std::vector<Origin> origins;
};

/// A dataflow graph in static single assignment form. Owns everything; values and nodes are named by dense ids that are
/// never reused; cheap enough to copy, which tests rely on. Nodes may be added in any order; `schedule_order` sorts.
class Graph {
 public:
  std::string name;

  ValueId add_input(std::string name, TensorType type);
  ValueId add_constant(std::string name, TensorType type, Tensor data);
  /// Adds a node and its result value. `name` is made unique by a suffix when it is taken.
  ValueId add_node(Op op, std::vector<ValueId> inputs, std::string name, TensorType type, std::vector<Origin> origins);
  void add_output(ValueId value) { outputs_.push_back(value); }

  const Value& value(ValueId id) const { return values_[index(id)]; }
  Value& value(ValueId id) { return values_[index(id)]; }
  const Node& node(NodeId id) const { return nodes_[index(id)]; }
  Node& node(NodeId id) { return nodes_[index(id)]; }
  const TensorType& type(ValueId id) const { return value(id).type; }
  size_t value_count() const { return values_.size(); }
  size_t node_count() const { return nodes_.size(); }  // including removed ones
  const std::vector<ValueId>& inputs() const { return inputs_; }
  const std::vector<ValueId>& outputs() const { return outputs_; }
  bool is_output(ValueId id) const;

  /// The node that makes `id` when its op is an `OpType`, else nullptr. A borrowed pointer: adding nodes invalidates
  /// it.
  template <class OpType>
  const Node* producer_as(ValueId id) const {
    const Value& v = value(id);
    if (!v.producer) return nullptr;
    const Node& n = node(*v.producer);
    return std::holds_alternative<OpType>(n.op) ? &n : nullptr;
  }

  /// Nodes that read `id`, in id order, each once. Linear in the graph's size.
  std::vector<NodeId> users(ValueId id) const;
  /// Makes every reader of `from` (and the graph's outputs) read `to`.
  void replace_uses(ValueId from, ValueId to);
  void remove_node(NodeId id);
  /// Live nodes, each after the producers of its inputs; ties by id. Throws UserError when the graph has a cycle.
  std::vector<NodeId> schedule_order() const;

 private:
  std::string unique_name(std::string name);

  std::vector<Value> values_;
  /// Every name that a value has had, and the last suffix that made it unique again.
  std::unordered_map<std::string, int> names_;
  std::vector<Node> nodes_;
  std::vector<ValueId> inputs_, outputs_;
};

/// "'layer1/conv1' (Conv)" for messages; the first origin, or the op's own name when there is none.
std::string describe(const Graph& graph, NodeId node);

}  // namespace qatc
