#pragma once

#include "ir/graph.h"

namespace qatc {

/// Rewrites op(dequantize(a), dequantize(b)...) to dequantize(op(a, b...)) for max_pool, resize and concat when the
/// operands have one type and quantization. Exact: dequantize is one increasing function for all elements (scale > 0),
/// so it commutes with maximum and with every choice of elements; a resize or concat only chooses.
void sink_dequantize(Graph& graph);

}  // namespace qatc
