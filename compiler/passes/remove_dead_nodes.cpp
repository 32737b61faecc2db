#include "passes/remove_dead_nodes.h"

#include <algorithm>

namespace qatc {

void remove_dead_nodes(Graph& graph) {
  std::vector<bool> used(graph.value_count());
  for (ValueId output : graph.outputs()) used[index(output)] = true;
  std::vector<NodeId> order = graph.schedule_order();
  std::reverse(order.begin(), order.end());
  for (NodeId id : order) {
    const Node& node = graph.node(id);
    if (!used[index(node.output)]) {
      graph.remove_node(id);
      continue;
    }
    for (ValueId input : node.inputs) used[index(input)] = true;
  }
  for (size_t i = 0; i < graph.value_count(); ++i) {
    if (!used[i]) graph.value(static_cast<ValueId>(i)).constant.reset();
  }
}

}  // namespace qatc
