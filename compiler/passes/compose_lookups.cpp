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
      const ValueId outer_table = outer.inputs[1];
      const TensorType table_type = graph.type(outer_table);
      Tensor composed = compose(*graph.value(inner.inputs[1]).constant, *graph.value(outer_table).constant);
      const ValueId table = add_constant_in_place_of(graph, outer_table, table_type, std::move(composed));
      graph.node(id).inputs = {inner.inputs[0], table};
      graph.node(id).origins = join(inner.origins, outer.origins);
    }
    const ValueId source = graph.node(id).inputs[0];
    const ValueId table = graph.node(id).inputs[1];
    if (graph.type(source) == graph.type(outer.output) && is_identity(*graph.value(table).constant) &&
        can_replace(graph, outer.output, source)) {
      replace(graph, outer.output, source);
      graph.remove_node(id);
    }
  }
}

}  // namespace qatc
