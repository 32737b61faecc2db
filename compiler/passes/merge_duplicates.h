#pragma once

#include "ir/graph.h"

namespace qatc {

/// Makes one of nodes with the same op, inputs and result type, and one of equal constants. Exact: ops have no state.
void merge_duplicates(Graph& graph);

}  // namespace qatc
