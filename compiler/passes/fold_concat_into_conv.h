#pragma once

#include "ir/graph.h"

namespace qatc {

/// Rewrites conv2d(concat(a, b...)) on 8-bit values to a conv2d with the activations a, b...; a concat with other
/// readers stays for them. Exact: conv2d is defined as reading its activations concatenated along the channels
/// (ir/ops.h), and an 8-bit concat has one quantization for operands and result.
void fold_concat_into_conv(Graph& graph);

}  // namespace qatc
