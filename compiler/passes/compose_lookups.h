#pragma once

#include "ir/graph.h"

namespace qatc {

/// Rewrites lookup(lookup(x)) to one lookup of x (an inner one with other readers stays for them), and removes lookups
/// that change nothing. Exact: tables are functions on 256 values, and their composition is another.
void compose_lookups(Graph& graph);

}  // namespace qatc
