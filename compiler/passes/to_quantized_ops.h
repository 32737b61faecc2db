#pragma once

#include "ir/graph.h"

namespace qatc {

/// Rewrites quantize(op(dequantize(a), dequantize(b)...)) to the op on the 8-bit values a, b... for conv2d, add, mul
/// and instance_norm, once for each Quantize that reads the op's result. Exact by definition: the op on 8-bit values is
/// that expression with that one rounding (ir/ops.h). A filter must be a dequantized constant and becomes the integer
/// constant; to_fixed_point_filters makes one of any other.
void to_quantized_ops(Graph& graph);

}  // namespace qatc
