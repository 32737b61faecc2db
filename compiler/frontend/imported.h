#pragma once

#include <string>
#include <variant>
#include <vector>

#include "frontend/onnx_tensor.h"
#include "frontend/shape_arithmetic.h"
#include "ir/graph.h"

namespace qatc {

/// A QuantizeLinear or DequantizeLinear that was applied to a constant.
struct ParameterStep {
  bool is_quantize = false;
  DType dtype = DType::kI8;  // the integer type: the result of a Quantize, the operand of a Dequantize
  QuantParams quant;         // axis in ONNX's layout
  std::string name;          // of the ONNX output
  Origin origin;
};

/// A constant and what the graph does to it. It becomes values and nodes of the graph only where an op reads it, once a
/// reader, because the reader's role for it decides on the layout (OHWI as a filter).
struct Parameter {
  std::string name;
  OnnxTensorPtr data;
  std::vector<ParameterStep> steps;
};

/// The result of a node that was refused. What reads it is passed over in silence: its fault is not its own.
struct Refused {};

/// What a name of the ONNX graph stands for: ValueId is an activation, NHWC.
using Imported = std::variant<Refused, ValueId, Parameter, ShapeVector>;

}  // namespace qatc
