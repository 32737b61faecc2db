#pragma once

#include <vector>

#include "ir/graph.h"
#include "ops/op.h"

namespace qatc {

/// Evaluates a graph at any stage of compilation: the specification that generated code equals byte for byte. `inputs`
/// in the order of graph.inputs(), NHWC. Returns the outputs in the order of graph.outputs(); real outputs are rounded
/// to float32. With `values`, every value of the graph is kept there by ValueId (empty when dead).
std::vector<Tensor> evaluate(const Graph& graph, const std::vector<Tensor>& inputs, Rounding rounding,
                             std::vector<Tensor>* values = nullptr);

}  // namespace qatc
