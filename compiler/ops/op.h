#pragma once

#include <vector>

#include "ir/graph.h"

namespace qatc {

/// How quantized ops with arithmetic of their own (conv2d, add, mul, instance_norm) round; all others are tables of
/// exact double arithmetic in both modes. The formulas are in ops/requantize.h and nowhere else.
enum class Rounding { kFloat, kExact };

// For every op, in ops/<stem>.cpp; a missing one is a link error.
//   infer_shape: the result's shape. Throws UserError (without the node's name; the caller adds it) for operands that
//     do not fit together.
//   verify: throws InternalError when a node that is already in a graph breaks the op's rules on types.
//   reference: the scalar definition. Real values in double; integers exact.
#define QATC_OP(Type, stem)                                                                     \
  Shape infer_shape(const Type& op, const std::vector<TensorType>& inputs);                     \
  void verify(const Type& op, const std::vector<TensorType>& inputs, const TensorType& output); \
  Tensor reference(const Type& op, const std::vector<const Tensor*>& inputs,                    \
                   const std::vector<TensorType>& input_types, const TensorType& output, Rounding rounding);
#include "ir/ops.def"
#undef QATC_OP

// Dispatch on the variant.
Shape infer_shape(const Op& op, const std::vector<TensorType>& inputs);
void verify(const Op& op, const std::vector<TensorType>& inputs, const TensorType& output);
Tensor reference(const Op& op, const std::vector<const Tensor*>& inputs, const std::vector<TensorType>& input_types,
                 const TensorType& output, Rounding rounding);

/// Verifies every node and the shapes between them; passes/pipeline.cpp runs it after every pass.
void verify(const Graph& graph);

}  // namespace qatc
