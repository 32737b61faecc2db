#pragma once

#include "ir/graph.h"

namespace qatc {

/// Checks that only 8-bit arithmetic is left: real numbers occur as the graph's inputs, which nothing reads but
/// Quantize, and in chains from a Dequantize through elementwise ops to the graph's outputs (tables of 256 floats).
/// Throws UserError otherwise, one line for each node at fault, with what to change in the network. Changes nothing.
void refuse_real_ops(Graph& graph);

}  // namespace qatc
