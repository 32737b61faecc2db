#pragma once

#include "ir/graph.h"

namespace qatc {

// What the constant weights of a quantized conv allow its kernel to do.

/// Whether some weights do not fit int8 (kFixedPointDigits).
bool needs_digits(const Graph& graph, const Node& conv);
/// See KernelConv::digit_pairs.
bool has_digit_pairs(const Graph& graph, const Node& conv);
/// See KernelConv::extreme_pairs; `digits`: as KernelConv::digits.
bool has_extreme_pairs(const Graph& graph, const Node& conv, int digits);
/// See KernelStep::clamp.
bool conv_needs_clamp(const Graph& graph, const Node& conv);

}  // namespace qatc
