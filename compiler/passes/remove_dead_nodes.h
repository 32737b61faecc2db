#pragma once

#include "ir/graph.h"

namespace qatc {

/// Removes the nodes that no output of the graph depends on, and frees the constants that nothing reads. Exact.
void remove_dead_nodes(Graph& graph);

}  // namespace qatc
