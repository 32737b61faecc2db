#pragma once

#include "ir/graph.h"

namespace qatc {

/// Rewrites quantize(f(dequantize(q))), f any chain of elementwise ops or none, to a Lookup of q; to q itself when the
/// chain is empty and the two quantizations are the same. Exact: q has 256 values, and the table holds the reference's
/// answer for each of them, in double arithmetic.
void to_lookups(Graph& graph);

}  // namespace qatc
