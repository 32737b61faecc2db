#include "ops/evaluate.h"

#include <string>

#include "ops/operands.h"
#include "support/error.h"
#include "support/interruption.h"

namespace qatc {

namespace {

/// What the symbols H and W stand for in one evaluation; 0 when the graph does not use them.
struct ImageSize {
  int64_t height = 0, width = 0;
};

TensorType at_size(TensorType type, ImageSize size) {
  for (Extent& extent : type.shape) {
    extent = extent.evaluate(size.height, size.width);
    if (extent.constant() < 1) throw UserError("the image is too small: a tensor inside the network would be empty");
  }
  return type;
}

/// Reads H and W off the inputs and checks that all inputs have the shapes that the graph declares.
ImageSize bind_size(const Graph& graph, const std::vector<Tensor>& inputs) {
  QATC_CHECK(inputs.size() == graph.inputs().size(), "wrong number of inputs");
  ImageSize size;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Shape& shape = graph.type(graph.inputs()[i]).shape;
    for (size_t d = 0; d < shape.size() && d < inputs[i].shape.size(); ++d) {
      if (shape[d] == Extent::height()) size.height = inputs[i].shape[d];
      if (shape[d] == Extent::width()) size.width = inputs[i].shape[d];
    }
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Value& value = graph.value(graph.inputs()[i]);
    const Shape given(inputs[i].shape.begin(), inputs[i].shape.end());
    if (given != at_size(value.type, size).shape) {
      throw UserError("input '" + value.name + "' has shape " + shape_text(value.type.shape) + ", got " +
                      shape_text(given));
    }
    QATC_CHECK(inputs[i].dtype == value.type.dtype, "input '" + value.name + "' has another type");
  }
  return size;
}

/// Values that users hand over and receive are float32; between them real values stay in double.
Tensor rounded_to_float(Tensor tensor) {
  for (double& x : tensor.real) x = static_cast<float>(x);
  return tensor;
}

/// Where the values of a Quantize are known to be float32, it divides in float32: constants always, because that is how
/// ONNX defines the weights that training saw, and the camera's image in kFloat. Any other real value is the result of
/// the graph's real arithmetic and is quantized as such.
Rounding quantize_rounding(const Graph& graph, const Node& node, Rounding rounding) {
  const Value& input = graph.value(node.inputs[0]);
  if (input.constant) return Rounding::kFloat;
  return input.producer ? Rounding::kExact : rounding;
}

}  // namespace

std::vector<Tensor> evaluate(const Graph& graph, const std::vector<Tensor>& inputs, Rounding rounding,
                             std::vector<Tensor>* values) {
  const ImageSize size = bind_size(graph, inputs);
  std::vector<Tensor> computed(graph.value_count());
  for (size_t i = 0; i < inputs.size(); ++i) computed[index(graph.inputs()[i])] = rounded_to_float(inputs[i]);
  const auto tensor = [&](ValueId id) -> const Tensor& {
    const Value& value = graph.value(id);
    return value.constant ? *value.constant : computed[index(id)];
  };

  const std::vector<NodeId> order = graph.schedule_order();
  // How often a value is still to be read; an output is never read for the last time.
  std::vector<int> readers(graph.value_count(), 0);
  for (NodeId id : order) {
    for (ValueId input : graph.node(id).inputs) ++readers[index(input)];
  }
  for (ValueId output : graph.outputs()) ++readers[index(output)];

  for (NodeId id : order) {
    stop_if_interrupted();
    const Node& node = graph.node(id);
    std::vector<const Tensor*> operands;
    std::vector<TensorType> types;
    for (ValueId input : node.inputs) {
      operands.push_back(&tensor(input));
      types.push_back(at_size(graph.type(input), size));
    }
    const TensorType output = at_size(graph.type(node.output), size);
    const Rounding mode =
        std::holds_alternative<Quantize>(node.op) ? quantize_rounding(graph, node, rounding) : rounding;
    Tensor& result = computed[index(node.output)];
    result = reference(node.op, operands, types, output, mode);
    QATC_CHECK(Shape(result.shape.begin(), result.shape.end()) == output.shape && result.dtype == output.dtype,
               "the result of node " + describe(graph, id) + " has another type than declared");
    if (values != nullptr) continue;
    for (ValueId input : node.inputs) {
      if (--readers[index(input)] == 0) computed[index(input)] = Tensor();
    }
  }

  std::vector<Tensor> outputs;
  for (ValueId output : graph.outputs()) outputs.push_back(rounded_to_float(tensor(output)));
  if (values != nullptr) {
    for (size_t i = 0; i < graph.value_count(); ++i) {
      const Value& value = graph.value(static_cast<ValueId>(i));
      if (value.constant) computed[i] = *value.constant;
    }
    *values = std::move(computed);
  }
  return outputs;
}

}  // namespace qatc
