#include "frontend/node_import.h"

#include <cmath>

#include "support/text.h"

namespace qatc {

NodeImport::NodeImport(const onnx::NodeProto& node, int64_t opset, std::vector<const Imported*> inputs, Graph& graph,
                       const DescribeSource& describe_source)
    : attributes(node),
      node_(&node),
      opset_(opset),
      inputs_(std::move(inputs)),
      graph_(&graph),
      describe_source_(&describe_source),
      origin_{node_name(node), node.op_type()} {}

const Imported& NodeImport::input(size_t i, const char* role) const {
  if (!has_input(i)) throw Refusal(std::string(role) + " (input " + std::to_string(i) + ") is missing");
  return *inputs_[i];
}

bool NodeImport::is_activation(size_t i) const { return has_input(i) && std::holds_alternative<ValueId>(*inputs_[i]); }

ValueId NodeImport::activation(size_t i, const char* role) const {
  const auto* id = std::get_if<ValueId>(&input(i, role));
  if (id == nullptr) throw Refusal(std::string(role) + " must be computed from the image, got " + source(i));
  const TensorType& type = graph_->type(*id);
  if (!type.is_real()) {
    throw Refusal(std::string(role) + " is " + std::string(dtype_name(type.dtype)) + ", the " + source(i) +
                  "; only float is supported here, so keep a DequantizeLinear in between");
  }
  return *id;
}

const Parameter& NodeImport::parameter(size_t i, const char* role) const {
  const auto* parameter = std::get_if<Parameter>(&input(i, role));
  if (parameter == nullptr) throw Refusal(std::string(role) + " must be constant, got " + source(i));
  return *parameter;
}

const OnnxTensor& NodeImport::plain_constant(size_t i, const char* role) const {
  const Parameter& p = parameter(i, role);
  if (!p.steps.empty()) throw Refusal(std::string(role) + " must be a plain constant, got " + source(i));
  return *p.data;
}

float NodeImport::constant_real(size_t i, const char* role) const {
  if (const auto* sizes = std::get_if<ShapeVector>(&input(i, role))) {
    if (!sizes->is_constant() || sizes->elements.size() != 1) {
      throw Refusal(std::string(role) + " must be one constant, got " + source(i));
    }
    const ShapeElement& x = sizes->elements.front();
    return static_cast<float>(static_cast<double>(x.numerator.constant()) / static_cast<double>(x.divisor));
  }
  const OnnxTensor& tensor = plain_constant(i, role);
  if (!tensor.is_real() || tensor.size() != 1) throw Refusal(std::string(role) + " must be one float");
  return static_cast<float>(tensor.real.front());
}

ShapeVector NodeImport::shape(size_t i, const char* role) const {
  if (const auto* sizes = std::get_if<ShapeVector>(&input(i, role))) return *sizes;
  if (is_activation(i)) {
    throw Refusal(std::string(role) + " is an activation, the " + source(i) +
                  "; this op is supported on sizes only, as computed by Shape");
  }
  return shape_from_constant(plain_constant(i, role));
}

ValueId NodeImport::emit(Op op, std::vector<ValueId> inputs, TensorType type) {
  return graph_->add_node(std::move(op), std::move(inputs), output_name(), std::move(type), {origin_});
}

std::string node_name(const onnx::NodeProto& node) {
  if (!node.name().empty()) return node.name();
  return node.output_size() > 0 ? node.output(0) : std::string();
}

std::string describe(const onnx::NodeProto& node) {
  std::string op_type = quoted(node.op_type());
  return "node " + quoted(node_name(node)) + " (" + op_type.substr(1, op_type.size() - 2) + ")";
}

std::string onnx_shape_text(const Shape& nhwc) {
  return "[" + join(Shape{nhwc[0], nhwc[3], nhwc[1], nhwc[2]}, &Extent::to_string) + "]";
}

}  // namespace qatc
