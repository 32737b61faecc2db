#include "passes/compose_lookups.h"

#include "passes/rewrite.h"

namespace qatc {

namespace {

Tensor compose(const Tensor& inner, const Tensor& outer) {
  const int32_t first = integer_range(inner.dtype).min;
  Tensor result = inner;
  result.dtype = outer.dtype;
  for (int32_t& q : result.integers) q = outer.integers[static_cast<size_t>(q - first)];
  return result;
}

bool is_identity(const Tensor& table) {
  int32_t expected = integer_range(table.dtype).min;
  for (int32_t q : table.integers) {
    if (q != expected++) return false;
  }
  return true;
}

}  // namespace

void compose_lookups(Graph& graph) {
  // Sources come first, so that an inner lookup is already composed with everything before it.
  for (NodeId id : graph.schedule_order()) {
    const Node outer = graph.node(id);
    if (!std::holds_alternative<Lookup>(outer.op)) continue;
    if (const Node* found = graph.producer_as<Lookup>(outer.inputs[0])) {
      const Node inner = *found;
      const TensorType table_type = graph.type(outer.inputs[1]);
      const ValueId table = graph.add_constant(
          graph.value(outer.inputs[1]).name, table_type,
          compose(*graph.value(inner.inputs[1]).constant, *graph.value(outer.inputs[1]).constant));
      graph.node(id).inputs = {inner.inputs[0], table};
      graph.node(id).origins = join(inner.origins, outer.origins);
    }
    const Node& composed = graph.node(id);
    if (graph.type(composed.inputs[0]) == graph.type(composed.output) &&
        is_identity(*graph.value(composed.inputs[1]).constant)) {
      graph.replace_uses(composed.output, composed.inputs[0]);
      graph.remove_node(id);
    }
  }
}

}  // namespace qatc
