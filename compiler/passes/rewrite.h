#pragma once

#include <string>
#include <vector>

#include "ir/graph.h"

namespace qatc {

// What several passes need to say about a graph, and the one way they add nodes.

/// One real number in, one out, each element by itself: tanh, relu, leaky_relu, clip.
bool is_elementwise(const Op& op);
/// Moves or selects values without arithmetic: max_pool, resize, concat. Commutes with every non-decreasing function.
bool is_movement(const Op& op);
/// Arithmetic that has a form on 8-bit values: conv2d, add, mul, instance_norm.
bool is_arithmetic(const Op& op);
/// How many of the node's first inputs are activations; the others are parameters (filter, bias, table, gamma, beta).
size_t activation_count(const Node& node);

/// What activations must be: 8 bits, one scale and one zero point.
bool is_8bit_per_tensor(const TensorType& type);
/// The 8-bit value of which `id` is the dequantized form, if it is one (per tensor, not of a constant).
std::optional<ValueId> dequantized(const Graph& graph, ValueId id);
/// The value that elementwise nodes start from when walking up from `id`; `id` itself when an elementwise node does not
/// make it.
ValueId elementwise_source(const Graph& graph, ValueId id);

std::vector<Origin> join(std::vector<Origin> first, const std::vector<Origin>& second);
/// Adds a node whose result stands for `old`, and gives it that value's name unless `old` is a graph output. The
/// readers of `old` are left as they are.
ValueId add_in_place_of(Graph& graph, ValueId old, Op op, std::vector<ValueId> inputs, TensorType type,
                        std::vector<Origin> origins);
/// The same for a constant.
ValueId add_constant_in_place_of(Graph& graph, ValueId old, TensorType type, Tensor data);

/// Whether `replace` can keep the names that the user gave: a value cannot have those of two graph inputs and outputs.
bool can_replace(const Graph& graph, ValueId from, ValueId to);
/// Makes every reader of `from`, and the graph's outputs, read `to`. A graph output keeps its name: `to` takes it.
void replace(Graph& graph, ValueId from, ValueId to);

}  // namespace qatc
