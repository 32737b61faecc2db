#pragma once

#include <vector>

#include "ir/graph.h"

namespace qatc {

/// Nodes that one kernel computes, in schedule order.
using KernelGroup = std::vector<NodeId>;

/// Splits the 8-bit part of a graph into kernels, in an order in which they can run.
///
/// A conv2d, instance_norm, max_pool, resize or concat begins a kernel. A lookup, add or mul (joins_kernel) joins that of
/// the later of its operands, so results leave the registers once. Two convs that meet in an add or mul become one kernel
/// when they read the same tensors in the same way (the gate) or when the earlier one's result is needed nowhere else
/// (a residual branch).
std::vector<KernelGroup> partition(const Graph& graph);

/// Whether an op joins the kernel that computes its operands; the others read theirs from memory.
bool joins_kernel(const Op& op);

}  // namespace qatc
