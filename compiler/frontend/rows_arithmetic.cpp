#include "frontend/limits.h"
#include "frontend/rows.h"

namespace qatc {

namespace {

bool reads_activation(const NodeImport& node) {
  for (size_t i = 0; i < node.input_count(); ++i) {
    if (node.is_activation(i)) return true;
  }
  return false;
}

Imported on_activations(NodeImport& node, Op op) {
  for (size_t i = 0; i < 2; ++i) {
    if (!node.is_activation(i)) {
      throw Refusal("operand " + std::to_string(i) + " is the " + node.source(i) +
                    "; both operands must be activations of the same shape");
    }
  }
  const ValueId a = node.activation(0, "operand 0"), b = node.activation(1, "operand 1");
  if (node.extents(a) != node.extents(b)) {
    throw Refusal("operands have the shapes " + onnx_shape_text(node.extents(a)) + " and " +
                  onnx_shape_text(node.extents(b)) + ", which must be equal for every image");
  }
  return node.emit(std::move(op), {a, b}, node.graph().type(a));
}

Imported on_sizes(NodeImport& node, ShapeOperator op) {
  const ShapeVector a = node.shape(0, "operand 0");
  return apply(op, a, node.shape(1, "operand 1"));
}

Imported concat_channels(NodeImport& node) {
  std::vector<ValueId> inputs;
  Shape shape;
  int64_t channels = 0;
  for (size_t i = 0; i < node.input_count(); ++i) {
    const std::string role = "operand " + std::to_string(i);
    inputs.push_back(node.activation(i, role.c_str()));
    const Shape& part = node.extents(inputs.back());
    if (i == 0) shape = part;
    if (part[1] != shape[1] || part[2] != shape[2]) {
      throw Refusal("operands 0 and " + std::to_string(i) + " have the shapes " +
                    onnx_shape_text(node.extents(inputs.front())) + " and " + onnx_shape_text(part) +
                    ", whose height and width must be equal for every image");
    }
    channels += part[3].constant();
    if (channels > kMostChannels) throw Refusal("the result has more than 65536 channels");
  }
  shape[3] = Extent(channels);
  return node.emit(Concat{}, std::move(inputs), {DType::kF32, std::move(shape), std::nullopt});
}

}  // namespace

Imported import_add(NodeImport& node) {
  return reads_activation(node) ? on_activations(node, Add{}) : on_sizes(node, ShapeOperator::kAdd);
}

Imported import_mul(NodeImport& node) {
  return reads_activation(node) ? on_activations(node, Mul{}) : on_sizes(node, ShapeOperator::kMul);
}

Imported import_sub(NodeImport& node) { return on_sizes(node, ShapeOperator::kSub); }

Imported import_div(NodeImport& node) { return on_sizes(node, ShapeOperator::kDiv); }

Imported import_concat(NodeImport& node) {
  if (!node.attributes.has("axis")) throw Refusal("attribute 'axis' is missing");
  const int64_t axis = node.attributes.integer("axis", 0);
  if (reads_activation(node)) {
    if (axis != 1 && axis != -3) {
      throw Refusal("axis is " + std::to_string(axis) + "; activations are concatenated along the channels, axis 1");
    }
    return concat_channels(node);
  }
  if (axis != 0 && axis != -1) throw Refusal("axis is " + std::to_string(axis) + "; sizes are concatenated along 0");
  std::vector<ShapeVector> parts;
  for (size_t i = 0; i < node.input_count(); ++i) {
    const std::string role = "operand " + std::to_string(i);
    parts.push_back(node.shape(i, role.c_str()));
  }
  return concatenate(parts);
}

Imported import_cast(NodeImport& node) {
  const int64_t to = node.attributes.integer("to", onnx::TensorProto::UNDEFINED);
  node.attributes.ignore("saturate");  // concerns float8 only
  if (node.is_activation(0) && to == onnx::TensorProto::FLOAT) return node.activation(0);
  if (to != onnx::TensorProto::FLOAT && to != onnx::TensorProto::INT64 && to != onnx::TensorProto::INT32) {
    throw Refusal("casts to " + data_type_name(static_cast<int32_t>(to)) +
                  "; only FLOAT, INT64 and INT32 are supported");
  }
  const ShapeVector sizes = node.shape(0, "the input");
  return to == onnx::TensorProto::FLOAT ? cast_to_real(sizes) : cast_to_integer(sizes);
}

}  // namespace qatc
