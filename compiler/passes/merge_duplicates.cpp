#include "passes/merge_duplicates.h"

#include <map>
#include <tuple>

#include "ir/print.h"
#include "passes/rewrite.h"

namespace qatc {

namespace {

void merge_constants(Graph& graph) {
  std::map<std::pair<uint64_t, std::string>, std::vector<ValueId>> seen;
  for (size_t i = 0; i < graph.value_count(); ++i) {
    const auto id = static_cast<ValueId>(i);
    const Value& value = graph.value(id);
    if (!value.constant) continue;
    std::vector<ValueId>& alike = seen[{digest(*value.constant), print(value.type)}];
    bool merged = false;
    for (ValueId earlier : alike) {
      if (!(graph.value(earlier).constant == value.constant) || !can_replace(graph, id, earlier)) continue;
      replace(graph, id, earlier);
      merged = true;
      break;
    }
    if (!merged) alike.push_back(id);
  }
}

}  // namespace

void merge_duplicates(Graph& graph) {
  merge_constants(graph);
  std::map<std::tuple<std::string_view, std::string, std::vector<ValueId>, std::string>, NodeId> seen;
  // Sources come first, so that the readers of merged nodes become equal in turn.
  for (NodeId id : graph.schedule_order()) {
    const Node& node = graph.node(id);
    const auto [earlier, is_first] = seen.try_emplace(
        {op_name(node.op), print_attributes(node.op), node.inputs, print(graph.type(node.output))}, id);
    if (is_first || !can_replace(graph, node.output, graph.node(earlier->second).output)) continue;
    Node& kept = graph.node(earlier->second);
    kept.origins = join(kept.origins, node.origins);
    replace(graph, node.output, kept.output);
    graph.remove_node(id);
  }
}

}  // namespace qatc
