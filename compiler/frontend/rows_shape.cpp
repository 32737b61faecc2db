#include <algorithm>

#include "frontend/rows.h"

namespace qatc {

namespace {

Imported constant(NodeImport& node, OnnxTensor tensor) {
  return Parameter{node.output_name(), std::make_shared<OnnxTensor>(std::move(tensor)), {}};
}

/// The axes of Squeeze and Unsqueeze, an attribute before opset 13.
std::vector<int64_t> read_axes(NodeImport& node) {
  if (node.opset() < 13) return node.attributes.integers("axes", {});
  return node.has_input(1) ? constant_integers(node.shape(1, "axes"), "axes") : std::vector<int64_t>{};
}

/// The one number of input `i`; `fallback` without the input.
int64_t one_integer(const NodeImport& node, size_t i, const char* role, int64_t fallback) {
  if (!node.has_input(i)) return fallback;
  const std::vector<int64_t> values = constant_integers(node.shape(i, role), role);
  if (values.size() != 1) throw Refusal(std::string(role) + " must be one number, sizes have one axis");
  return values.front();
}

}  // namespace

Imported import_constant(NodeImport& node) {
  Attributes& attributes = node.attributes;
  if (const onnx::TensorProto* value = attributes.tensor("value")) {
    return Parameter{node.output_name(), decode_tensor(*value), {}};
  }
  if (attributes.has("value_float")) {
    return constant(node, {onnx::TensorProto::FLOAT, {}, {attributes.real("value_float", 0)}, {}});
  }
  if (attributes.has("value_int")) {
    return constant(node, {onnx::TensorProto::INT64, {}, {}, {attributes.integer("value_int", 0)}});
  }
  if (attributes.has("value_floats")) {
    const std::vector<float> values = attributes.reals("value_floats");
    return constant(node, {onnx::TensorProto::FLOAT,
                           {static_cast<int64_t>(values.size())},
                           std::vector<double>(values.begin(), values.end()),
                           {}});
  }
  if (attributes.has("value_ints")) {
    const std::vector<int64_t> values = attributes.integers("value_ints", {});
    return constant(node, {onnx::TensorProto::INT64, {static_cast<int64_t>(values.size())}, {}, values});
  }
  attributes.refuse_unread();
  throw Refusal("has no value");
}

Imported import_shape(NodeImport& node) {
  const Imported& input = node.input(0, "the input");
  ShapeVector sizes;
  if (const auto* id = std::get_if<ValueId>(&input)) {
    const Shape& nhwc = node.extents(*id);
    sizes = shape_of({nhwc[0], nhwc[3], nhwc[1], nhwc[2]});
  } else if (const auto* parameter = std::get_if<Parameter>(&input)) {
    const std::vector<int64_t>& dims = parameter->data->dims;
    sizes = shape_of({dims.begin(), dims.end()});
  } else {
    const ShapeVector& vector = std::get<ShapeVector>(input);
    if (!vector.is_scalar) sizes = shape_of({Extent(static_cast<int64_t>(vector.elements.size()))});
  }
  const int64_t start = node.attributes.integer("start", 0);
  const int64_t end = node.attributes.integer("end", INT64_MAX);
  return slice(sizes, start, end, 1);
}

Imported import_gather(NodeImport& node) {
  const int64_t axis = node.attributes.integer("axis", 0);
  if (axis != 0 && axis != -1) throw Refusal("axis is " + std::to_string(axis) + "; sizes have one axis, 0");
  const ShapeVector data = node.shape(0, "the data");
  return gather(data, node.shape(1, "the indices"));
}

Imported import_slice(NodeImport& node) {
  const ShapeVector data = node.shape(0, "the data");
  const int64_t start = one_integer(node, 1, "starts", 0);
  const int64_t end = one_integer(node, 2, "ends", 0);
  const int64_t axis = one_integer(node, 3, "axes", 0);
  if (axis != 0 && axis != -1) throw Refusal("axis is " + std::to_string(axis) + "; sizes have one axis, 0");
  return slice(data, start, end, one_integer(node, 4, "steps", 1));
}

Imported import_unsqueeze(NodeImport& node) {
  ShapeVector sizes = node.shape(0, "the input");
  const std::vector<int64_t> axes = read_axes(node);
  if (!sizes.is_scalar || axes.size() != 1 || (axes[0] != 0 && axes[0] != -1)) {
    throw Refusal("only a scalar size can be made a vector, by axes [0]");
  }
  sizes.is_scalar = false;
  return sizes;
}

Imported import_squeeze(NodeImport& node) {
  ShapeVector sizes = node.shape(0, "the input");
  const std::vector<int64_t> axes = read_axes(node);
  const bool first_axis = axes.empty() || (axes.size() == 1 && (axes[0] == 0 || axes[0] == -1));
  if (sizes.is_scalar || sizes.elements.size() != 1 || !first_axis) {
    throw Refusal("only a vector of one size can be made a scalar");
  }
  sizes.is_scalar = true;
  return sizes;
}

Imported import_reshape(NodeImport& node) {
  node.attributes.ignore("allowzero");  // concerns empty tensors only
  ShapeVector sizes = node.shape(0, "the data");
  const std::vector<int64_t> shape = constant_integers(node.shape(1, "the shape"), "the shape");
  const auto length = static_cast<int64_t>(sizes.elements.size());
  const bool to_vector = shape.size() == 1 && (shape[0] == -1 || shape[0] == length);
  const bool to_scalar = shape.empty() && length == 1;
  if (!to_vector && !to_scalar) throw Refusal("sizes can only be reshaped to a vector or a scalar");
  sizes.is_scalar = to_scalar;
  return sizes;
}

Imported import_floor(NodeImport& node) { return round(ShapeRounding::kFloor, node.shape(0, "the input")); }

Imported import_ceil(NodeImport& node) { return round(ShapeRounding::kCeil, node.shape(0, "the input")); }

}  // namespace qatc
