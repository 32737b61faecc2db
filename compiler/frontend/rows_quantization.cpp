#include "frontend/parameters.h"
#include "frontend/rows.h"

namespace qatc {

namespace {

// PyTorch writes two; more come from no exporter, and each costs a copy.
constexpr size_t kMostSteps = 4;

/// Attributes of opset 19 and later that must keep the meaning of opset 13.
void check_attributes(NodeImport& node) {
  if (node.attributes.integer("block_size", 0) != 0) throw Refusal("quantization in blocks is not supported");
  if (node.attributes.integer("precision", 0) > onnx::TensorProto::FLOAT) {
    throw Refusal("attribute 'precision' is not supported");
  }
  node.attributes.ignore("saturate");  // concerns float8 only
}

Imported append_step(const NodeImport& node, Parameter parameter, bool is_quantize, QuantInputs quant) {
  if (parameter.steps.size() == kMostSteps) throw Refusal("quantizes one constant again and again");
  const std::vector<int64_t>& dims = parameter.data->dims;
  const auto rank = static_cast<int>(dims.size());
  if (std::optional<int>& axis = quant.quant.axis) {
    if (*axis < -rank || *axis >= rank) {
      throw Refusal("axis " + std::to_string(*axis) + " is outside a tensor of rank " + std::to_string(rank));
    }
    if (*axis < 0) *axis += rank;
    const int64_t extent = dims[static_cast<size_t>(*axis)];
    if (static_cast<size_t>(extent) != quant.quant.scale.size()) {
      throw Refusal("scale has " + std::to_string(quant.quant.scale.size()) + " elements but axis " +
                    std::to_string(*axis) + " has " + std::to_string(extent));
    }
  }
  parameter.steps.push_back({is_quantize, quant.dtype, std::move(quant.quant), node.output_name(), node.origin()});
  return parameter;
}

void refuse_per_channel(const QuantInputs& quant) {
  if (quant.quant.axis) {
    throw Refusal("an activation is quantized with " + std::to_string(quant.quant.scale.size()) +
                  " scales; one scale for the tensor is supported, several only for constants");
  }
}

/// The integer type of a parameter as its steps leave it; nullopt when it is real.
std::optional<DType> integer_type(const Parameter& parameter) {
  if (!parameter.steps.empty()) {
    return parameter.steps.back().is_quantize ? std::optional(parameter.steps.back().dtype) : std::nullopt;
  }
  switch (parameter.data->data_type) {
    case onnx::TensorProto::FLOAT:
      return std::nullopt;
    case onnx::TensorProto::UINT8:
      return DType::kU8;
    case onnx::TensorProto::INT8:
      return DType::kI8;
    case onnx::TensorProto::INT32:
      return DType::kI32;
    default:
      throw Refusal("the input is " + data_type_name(parameter.data->data_type) + ", which is not supported here");
  }
}

void check_zero_point_type(const NodeImport& node, DType operand, DType zero_point) {
  if (node.has_input(2) && operand != zero_point) {
    throw Refusal("zero_point is " + std::string(dtype_name(zero_point)) + " but the input is " +
                  std::string(dtype_name(operand)));
  }
}

}  // namespace

Imported import_quantize_linear(NodeImport& node) {
  check_attributes(node);
  const int64_t axis = node.attributes.integer("axis", 1);
  DType fallback = DType::kU8;
  switch (node.attributes.integer("output_dtype", 0)) {
    case onnx::TensorProto::UNDEFINED:
    case onnx::TensorProto::UINT8:
      break;
    case onnx::TensorProto::INT8:
      fallback = DType::kI8;
      break;
    default:
      throw Refusal("attribute 'output_dtype' asks for a type other than UINT8 and INT8");
  }
  QuantInputs quant = read_quant_inputs(node, fallback, axis);
  if (!is_8bit(quant.dtype)) throw Refusal("zero_point is INT32; only UINT8 and INT8 are supported");
  if (const auto* parameter = std::get_if<Parameter>(&node.input(0, "the input"))) {
    if (integer_type(*parameter)) throw Refusal("the input is an integer tensor; it must be FLOAT");
    return append_step(node, *parameter, true, std::move(quant));
  }
  const ValueId input = node.activation(0);
  refuse_per_channel(quant);
  return node.emit(Quantize{}, {input}, {quant.dtype, node.extents(input), quant.quant});
}

Imported import_dequantize_linear(NodeImport& node) {
  check_attributes(node);
  const int64_t axis = node.attributes.integer("axis", 1);
  if (const auto* parameter = std::get_if<Parameter>(&node.input(0, "the input"))) {
    const std::optional<DType> operand = integer_type(*parameter);
    if (!operand) throw Refusal("the input is FLOAT; it must be an integer tensor");
    QuantInputs quant = read_quant_inputs(node, *operand, axis);
    check_zero_point_type(node, *operand, quant.dtype);
    if (!parameter->steps.empty() && quant.quant.scale != parameter->steps.back().quant.scale) {
      throw Refusal("scale differs from that of the " + node.source(0));
    }
    if (!parameter->steps.empty() && quant.quant.zero_point != parameter->steps.back().quant.zero_point) {
      throw Refusal("zero_point differs from that of the " + node.source(0));
    }
    return append_step(node, *parameter, false, std::move(quant));
  }
  const auto* input = std::get_if<ValueId>(&node.input(0, "the input"));
  if (input == nullptr) throw Refusal("the input must be computed from the image, got " + node.source(0));
  const TensorType type = node.graph().type(*input);
  if (!is_8bit(type.dtype)) {
    throw Refusal("the input is float, the " + node.source(0) + "; it must be the output of a QuantizeLinear");
  }
  const QuantInputs quant = read_quant_inputs(node, type.dtype, axis);
  check_zero_point_type(node, type.dtype, quant.dtype);
  refuse_per_channel(quant);
  // An 8-bit value has one meaning in the graph, given where it is made.
  if (quant.quant != type.quant) throw Refusal("scale or zero_point differs from that of the " + node.source(0));
  return node.emit(Dequantize{}, {*input}, {DType::kF32, type.shape, std::nullopt});
}

}  // namespace qatc
