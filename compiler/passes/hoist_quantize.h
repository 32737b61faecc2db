#pragma once

#include "ir/graph.h"

namespace qatc {

/// Moves Quantize up to the arithmetic that it rounds: through max_pool, resize and concat, and through relu and clip
/// when they read something other than a dequantized value (whose chain becomes a table anyway, see to_lookups).
///
/// Exact. quantize is one non-decreasing function for all elements, so it commutes with maximum and with every choice
/// of elements: quantize(concat(a, b)) = concat(quantize(a), quantize(b)). For relu and clip, x -> min(max(x, lo), hi),
/// the same argument gives min(max(quantize(x), quantize(lo)), quantize(hi)); and since quantize(dequantize(q)) = q
/// this equals quantize(clip(dequantize(quantize(x)))), which is what the pass writes.
void hoist_quantize(Graph& graph);

}  // namespace qatc
