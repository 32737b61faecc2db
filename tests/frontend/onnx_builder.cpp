#include "onnx_builder.h"

#include "frontend/import_onnx.h"
#include "support/error.h"

namespace qatc::test {

namespace {

onnx::AttributeProto& add(onnx::NodeProto& node, const std::string& name, onnx::AttributeProto::AttributeType type) {
  onnx::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(type);
  return attribute;
}

}  // namespace

OnnxBuilder::OnnxBuilder(int64_t channels, int64_t opset) {
  model.set_ir_version(7);
  model.add_opset_import()->set_version(opset);
  graph().set_name("test");
  onnx::ValueInfoProto& input = *graph().add_input();
  input.set_name("x");
  input.mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::FLOAT);
  onnx::TensorShapeProto& shape = *input.mutable_type()->mutable_tensor_type()->mutable_shape();
  shape.add_dim()->set_dim_value(1);
  shape.add_dim()->set_dim_value(channels);
  shape.add_dim()->set_dim_param("height");
  shape.add_dim();
  graph().add_output()->set_name("y");
}

onnx::NodeProto& OnnxBuilder::node(const std::string& op_type, const std::vector<std::string>& inputs,
                                   const std::string& output) {
  onnx::NodeProto& node = *graph().add_node();
  node.set_name(op_type + "_" + std::to_string(graph().node_size() - 1));
  node.set_op_type(op_type);
  for (const std::string& input : inputs) node.add_input(input);
  node.add_output(output);
  return node;
}

onnx::TensorProto& OnnxBuilder::initializer(const std::string& name, onnx::TensorProto::DataType type,
                                            const std::vector<int64_t>& dims) {
  onnx::TensorProto& tensor = *graph().add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(type);
  for (int64_t dim : dims) tensor.add_dims(dim);
  return tensor;
}

void OnnxBuilder::floats(const std::string& name, std::vector<int64_t> dims, const std::vector<float>& values) {
  onnx::TensorProto& tensor = initializer(name, onnx::TensorProto::FLOAT, dims);
  for (float value : values) tensor.add_float_data(value);
}

void OnnxBuilder::int64s(const std::string& name, std::vector<int64_t> dims, const std::vector<int64_t>& values) {
  onnx::TensorProto& tensor = initializer(name, onnx::TensorProto::INT64, dims);
  for (int64_t value : values) tensor.add_int64_data(value);
}

void OnnxBuilder::ints(const std::string& name, onnx::TensorProto::DataType type, std::vector<int64_t> dims,
                       const std::vector<int32_t>& values) {
  onnx::TensorProto& tensor = initializer(name, type, dims);
  for (int32_t value : values) tensor.add_int32_data(value);
}

void OnnxBuilder::fix_input_dim(int axis, int64_t extent) {
  graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->mutable_shape()->mutable_dim(axis)->set_dim_value(
      extent);
}

Graph OnnxBuilder::import() const { return import_onnx_bytes(bytes(), "m.onnx"); }

std::string OnnxBuilder::errors() const { return import_errors(bytes(), "m.onnx"); }

void set(onnx::NodeProto& node, const std::string& name, int64_t value) {
  add(node, name, onnx::AttributeProto::INT).set_i(value);
}

void set(onnx::NodeProto& node, const std::string& name, float value) {
  add(node, name, onnx::AttributeProto::FLOAT).set_f(value);
}

void set(onnx::NodeProto& node, const std::string& name, const std::string& value) {
  add(node, name, onnx::AttributeProto::STRING).set_s(value);
}

void set_ints(onnx::NodeProto& node, const std::string& name, const std::vector<int64_t>& values) {
  onnx::AttributeProto& attribute = add(node, name, onnx::AttributeProto::INTS);
  for (int64_t value : values) attribute.add_ints(value);
}

std::string import_errors(std::string_view bytes, const std::string& display_name) {
  try {
    import_onnx_bytes(bytes, display_name);
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

const Node& last_node(const Graph& graph) { return graph.node(*graph.value(graph.outputs().at(0)).producer); }

std::string shape_text(const Shape& shape) {
  std::string text;
  for (const Extent& extent : shape) text += (text.empty() ? "" : ", ") + extent.to_string();
  return text;
}

}  // namespace qatc::test
