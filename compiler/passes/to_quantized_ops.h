#pragma once

#include "ir/graph.h"

namespace qatc {

/// Rewrites quantize(op(dequantize(a), dequantize(b)...)) to the op on the 8-bit values a, b... for conv2d,
/// add, mul and instance_norm, once for each Quantize that reads the op's result. Exact by definition: the op
/// on 8-bit values is that expression with that one rounding (ir/ops.h). A filter that is a dequantized
/// constant becomes the integer constant; one given in float stays as it is (see to_fixed_point_filters.h).
void to_quantized_ops(Graph& graph);

}  // namespace qatc
