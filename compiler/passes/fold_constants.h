#pragma once

#include "ir/graph.h"

namespace qatc {

/// Evaluates nodes that read constants only, in the rounding of ONNX (float32), which is what trained the network.
///
/// A dequantized constant stays where an op on 8-bit values can read the integers (conv2d's activations and filter,
/// add, mul, concat) and becomes real numbers, exactly, where every op reads real ones (biases, norm parameters). Exact
/// in float rounding: it is the evaluator's own arithmetic, done once.
void fold_constants(Graph& graph);

}  // namespace qatc
