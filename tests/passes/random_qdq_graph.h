#pragma once

#include "ir/graph.h"
#include "ir/tensor.h"

namespace qatc {

/// A graph as exporters write it, in QuantizeLinear and DequantizeLinear around real ops, with everything
/// that the passes support: filters in float, quantized per tensor and per channel; chains of activations;
/// pools, resizes and concats with and without a Quantize of their own; activations between an op and its
/// Quantize; duplicates; several readers.
Graph random_qdq_graph(unsigned seed);

/// An image for it of some small size.
Tensor random_image(unsigned seed);

}  // namespace qatc
