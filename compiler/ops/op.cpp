#include "ops/op.h"

#include <cmath>
#include <unordered_set>

#include "ops/operands.h"
#include "support/error.h"

namespace qatc {

namespace {

/// Calls f with the concrete op; a removed node has no behaviour.
template <class Result, class F>
Result dispatch(const Op& op, F&& f) {
  return std::visit(
      [&](const auto& concrete) -> Result {
        if constexpr (std::is_same_v<decltype(concrete), const std::monostate&>) {
          QATC_CHECK(false, "a removed node has no behaviour");
        } else {
          return f(concrete);
        }
      },
      op);
}

void verify_quant(const TensorType& type, const QuantParams& quant) {
  QATC_CHECK(!type.is_real(), "a real type has no scale");
  size_t channels = 1;
  if (quant.axis) {
    QATC_CHECK(*quant.axis >= 0 && static_cast<size_t>(*quant.axis) < type.shape.size(), "the axis is out of range");
    channels = static_cast<size_t>(type.shape[static_cast<size_t>(*quant.axis)].constant());
  }
  QATC_CHECK(quant.scale.size() == channels && quant.zero_point.size() == channels,
             "scales and zero points do not match the number of channels");
  const IntegerRange range = integer_range(type.dtype);
  for (size_t c = 0; c < channels; ++c) {
    QATC_CHECK(std::isfinite(quant.scale[c]) && quant.scale[c] > 0, "a scale is not a positive number");
    QATC_CHECK(quant.zero_point[c] >= range.min && quant.zero_point[c] <= range.max, "a zero point is out of range");
  }
}

void verify_constant(const TensorType& type, const Tensor& data) {
  QATC_CHECK(data.dtype == type.dtype, "the data have another type");
  Shape shape(data.shape.begin(), data.shape.end());
  QATC_CHECK(shape == type.shape, "the data have shape " + shape_text(shape));
  const auto count = static_cast<size_t>(data.size());
  QATC_CHECK(data.real.size() == (type.is_real() ? count : 0), "wrong number of real elements");
  QATC_CHECK(data.integers.size() == (type.is_real() ? 0 : count), "wrong number of integer elements");
  if (type.is_real()) return;
  const IntegerRange range = integer_range(type.dtype);
  for (int32_t q : data.integers) QATC_CHECK(q >= range.min && q <= range.max, "an element is out of range");
}

void verify_value(const Value& value) {
  for (const Extent& extent : value.type.shape) {
    QATC_CHECK(!extent.is_constant() || extent.constant() > 0, "an extent is not positive");
  }
  if (value.type.quant) verify_quant(value.type, *value.type.quant);
  if (value.constant) verify_constant(value.type, *value.constant);
}

void verify_node(const Graph& graph, const Node& node) {
  std::vector<TensorType> inputs;
  for (ValueId input : node.inputs) inputs.push_back(graph.type(input));
  const TensorType& output = graph.type(node.output);
  verify(node.op, inputs, output);
  const Shape shape = infer_shape(node.op, inputs);
  QATC_CHECK(shape == output.shape,
             "the result has shape " + shape_text(output.shape) + " instead of " + shape_text(shape));
}

/// Every value that is read is made once: it is a graph input, a constant or the result of one node.
void verify_ids(const Graph& graph) {
  std::vector<int> makers(graph.value_count(), 0);
  const auto check_id = [&](ValueId id) { QATC_CHECK(index(id) < makers.size(), "a value id is out of range"); };
  for (ValueId id : graph.inputs()) {
    check_id(id);
    ++makers[index(id)];
  }
  for (size_t i = 0; i < graph.value_count(); ++i) {
    if (graph.value(static_cast<ValueId>(i)).constant) ++makers[i];
  }
  for (size_t i = 0; i < graph.node_count(); ++i) {
    const Node& node = graph.node(static_cast<NodeId>(i));
    if (std::holds_alternative<std::monostate>(node.op)) continue;
    check_id(node.output);
    ++makers[index(node.output)];
    QATC_CHECK(graph.value(node.output).producer == static_cast<NodeId>(i),
               "a result names another node as its producer");
    for (ValueId input : node.inputs) check_id(input);
  }
  std::unordered_set<std::string> names;
  for (size_t i = 0; i < makers.size(); ++i) {
    const Value& value = graph.value(static_cast<ValueId>(i));
    QATC_CHECK(makers[i] <= 1, "value '" + value.name + "' is made more than once");
    if (makers[i] == 0)
      QATC_CHECK(!value.producer, "value '" + value.name + "' names a producer that does not make it");
    if (makers[i] == 1) QATC_CHECK(names.insert(value.name).second, "two values are named '" + value.name + "'");
  }
  const auto check_made = [&](ValueId id) {
    QATC_CHECK(makers[index(id)] == 1, "value '" + graph.value(id).name + "' is read but nothing makes it");
  };
  for (size_t i = 0; i < graph.node_count(); ++i) {
    for (ValueId input : graph.node(static_cast<NodeId>(i)).inputs) check_made(input);
  }
  for (ValueId output : graph.outputs()) {
    check_id(output);
    check_made(output);
  }
}

}  // namespace

Shape infer_shape(const Op& op, const std::vector<TensorType>& inputs) {
  return dispatch<Shape>(op, [&](const auto& concrete) { return infer_shape(concrete, inputs); });
}

void verify(const Op& op, const std::vector<TensorType>& inputs, const TensorType& output) {
  dispatch<void>(op, [&](const auto& concrete) { verify(concrete, inputs, output); });
}

Tensor reference(const Op& op, const std::vector<const Tensor*>& inputs, const std::vector<TensorType>& input_types,
                 const TensorType& output, Rounding rounding) {
  return dispatch<Tensor>(
      op, [&](const auto& concrete) { return reference(concrete, inputs, input_types, output, rounding); });
}

void verify(const Graph& graph) {
  verify_ids(graph);
  for (size_t i = 0; i < graph.value_count(); ++i) {
    const Value& value = graph.value(static_cast<ValueId>(i));
    try {
      verify_value(value);
    } catch (const std::exception& error) {
      throw InternalError("value '" + value.name + "': " + error.what());
    }
  }
  // A user's fault has been reported by now, so whatever does not fit here is ours.
  for (NodeId id : graph.schedule_order()) {
    try {
      verify_node(graph, graph.node(id));
    } catch (const std::exception& error) {
      throw InternalError("node " + describe(graph, id) + ": " + error.what());
    }
  }
}

}  // namespace qatc
