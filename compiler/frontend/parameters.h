#pragma once

#include "frontend/node_import.h"

namespace qatc {

/// scale and zero_point as inputs 1 and 2 of a QuantizeLinear or DequantizeLinear, checked: constants, finite positive
/// scales, zero points within `dtype` (read from the zero point when it is there, else `fallback`).
struct QuantInputs {
  DType dtype;
  QuantParams quant;  // axis empty when there is one scale
};
QuantInputs read_quant_inputs(const NodeImport& node, DType fallback, int64_t axis);

/// Puts a filter (O, I, kh, kw), quantized or not, into the graph as (O, kh, kw, I): a constant and the nodes of its
/// steps. Throws Refusal for what is no such filter.
ValueId materialise_filter(const Parameter& filter, NodeImport& node);

/// Puts a one-dimensional parameter of `length` elements (bias, norm scale) into the graph as one float constant:
/// ONNX's float32 arithmetic is done here, since nothing in the network can change it.
ValueId materialise_vector(const Parameter& parameter, int64_t length, const char* role, NodeImport& node);

}  // namespace qatc
