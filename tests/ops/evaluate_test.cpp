#include "ops/evaluate.h"

#include "ops/op_testing.h"

namespace qatc::testing {
namespace {

const Shape kImage{1, Extent::height(), Extent::width(), 3};

TensorType with_shape(TensorType type, Shape shape) {
  type.shape = std::move(shape);
  return type;
}

/// A node whose result has the inferred shape.
ValueId add(Graph& graph, const Op& op, const std::vector<ValueId>& inputs, TensorType type) {
  std::vector<TensorType> types;
  for (ValueId input : inputs) types.push_back(graph.type(input));
  type.shape = infer_shape(op, types);
  return graph.add_node(op, inputs, std::string(op_name(op)), type, {});
}

ValueId add_dequantized(Graph& graph, ValueId q) { return add(graph, Dequantize{}, {q}, real_type({})); }

/// y = conv(x); tanh(y) * y + resize(max_pool(tanh(y))), each tensor 8-bit: once as quantize and dequantize
/// nodes around real ops, once as ops on 8-bit tensors. Powers of two where real arithmetic has to be exact
/// for an equal result.
struct TwoGraphs {
  Graph qdq, fused;
};

TwoGraphs make_graphs(Random& random) {
  const TensorType x_type = quantized_type(DType::kU8, {}, 1.0F / 256, 2);
  TensorType filter_type = quantized_type(DType::kI8, {4, 3, 3, 3}, 1.0F / 128, 0);
  filter_type.quant = QuantParams{{1.0F / 128, 1.0F / 64, 1.0F / 32, 1.0F / 256}, {0, 3, -128, 127}, 0};
  const TensorType y_type = quantized_type(DType::kI8, {}, 1.0F / 16, -5);
  const TensorType t_type = quantized_type(DType::kI8, {}, 1.0F / 128, 0);
  const TensorType m_type = quantized_type(DType::kU8, {}, 1.0F / 64, 90);
  const TensorType z_type = quantized_type(DType::kU8, {}, 1.0F / 32, 100);
  const Tensor filter = random.tensor(filter_type);
  Tensor bias = random.tensor(real_type({4}));
  for (double& b : bias.real) b = std::nearbyint(b * 64) / 64;
  const Conv2d conv{{1, 1}, {1, 1}, {1, 1, 1, 1}, 1};
  const Resize resize{{Extent::height(), Extent::width()}, {}, {1, 1}};

  TwoGraphs graphs;
  {
    Graph& g = graphs.qdq;
    const ValueId image = g.add_input("image", with_shape(real_type({}), kImage));
    const ValueId w = add_dequantized(g, g.add_constant("filter", filter_type, filter));
    const ValueId b = g.add_constant("bias", real_type({4}), bias);
    const ValueId x = add_dequantized(g, add(g, Quantize{}, {image}, x_type));
    const ValueId y = add_dequantized(g, add(g, Quantize{}, {add(g, conv, {x, w, b}, real_type({}))}, y_type));
    const ValueId t = add_dequantized(g, add(g, Quantize{}, {add(g, Tanh{}, {y}, real_type({}))}, t_type));
    const ValueId m = add_dequantized(g, add(g, Quantize{}, {add(g, Mul{}, {t, y}, real_type({}))}, m_type));
    const ValueId p = add(g, MaxPool{}, {t}, real_type({}));
    const ValueId r = add(g, resize, {p}, real_type({}));
    const ValueId z = add(g, Quantize{}, {add(g, Add{}, {m, r}, real_type({}))}, z_type);
    g.add_output(add_dequantized(g, z));
    g.add_output(z);
  }
  {
    Graph& g = graphs.fused;
    const ValueId image = g.add_input("image", with_shape(real_type({}), kImage));
    const ValueId w = g.add_constant("filter", filter_type, filter);
    const ValueId b = g.add_constant("bias", real_type({4}), bias);
    const ValueId y = add(g, conv, {add(g, Quantize{}, {image}, x_type), w, b}, y_type);
    const ValueId t = add(g, Tanh{}, {y}, t_type);
    const ValueId m = add(g, Mul{}, {t, y}, m_type);
    const ValueId r = add(g, resize, {add(g, MaxPool{}, {t}, t_type)}, t_type);
    const ValueId z = add(g, Add{}, {m, r}, z_type);
    g.add_output(add_dequantized(g, z));
    g.add_output(z);
  }
  return graphs;
}

TEST(Evaluate, FusedGraphEqualsTheQdqGraph) {
  for (uint64_t seed = 0; seed < 30; ++seed) {
    Random random(seed);
    SCOPED_TRACE(random.trace());
    const TwoGraphs graphs = make_graphs(random);
    verify(graphs.qdq);
    verify(graphs.fused);
    const Tensor image = random.tensor(real_type({1, random.integer(2, 9), random.integer(2, 9), 3}), 1);
    EXPECT_EQ(evaluate(graphs.qdq, {image}, Rounding::kExact), evaluate(graphs.fused, {image}, Rounding::kExact));
  }
}

TEST(Evaluate, KeepsEveryValueOnRequest) {
  Random random(1);
  const Graph graph = make_graphs(random).qdq;
  const Tensor image = random.tensor(real_type({1, 5, 4, 3}), 1);
  std::vector<Tensor> values;
  const std::vector<Tensor> outputs = evaluate(graph, {image}, Rounding::kFloat, &values);
  EXPECT_EQ(evaluate(graph, {image}, Rounding::kFloat), outputs);
  ASSERT_EQ(values.size(), graph.value_count());
  for (size_t i = 0; i < values.size(); ++i) {
    const TensorType& type = graph.type(static_cast<ValueId>(i));
    ASSERT_EQ(values[i].shape.size(), type.shape.size());
    for (size_t d = 0; d < type.shape.size(); ++d) EXPECT_EQ(values[i].shape[d], type.shape[d].evaluate(5, 4));
  }
  EXPECT_EQ(values[index(graph.outputs()[1])], outputs[1]);
}

TEST(Evaluate, ImagesThatLeaveATensorEmptyAreTheUsersFault) {
  Random random(1);
  const Graph graph = make_graphs(random).qdq;
  EXPECT_THROW(evaluate(graph, {Tensor::zeros(DType::kF32, {1, 1, 8, 3})}, Rounding::kExact), UserError);
  EXPECT_THROW(evaluate(graph, {Tensor::zeros(DType::kF32, {1, 8, 8, 4})}, Rounding::kExact), UserError);
  EXPECT_THROW(evaluate(graph, {Tensor::zeros(DType::kF32, {8, 8, 3})}, Rounding::kExact), UserError);
}

TEST(Evaluate, RealValuesStayInDoubleBetweenFloat32Ends) {
  Graph graph;
  const TensorType type = with_shape(real_type({}), {1, Extent::height(), Extent::width(), 1});
  const ValueId x = graph.add_input("x", type);
  const ValueId y = add(graph, Mul{}, {x, x}, type);
  graph.add_output(y);
  graph.add_output(add(graph, Mul{}, {y, y}, type));
  const double third = static_cast<float>(1.0 / 3);
  const std::vector<Tensor> result = evaluate(graph, {real_tensor({1, 1, 1, 1}, {1.0 / 3})}, Rounding::kFloat);
  EXPECT_EQ(result[0].real[0], static_cast<float>(third * third));
  EXPECT_EQ(result[1].real[0], static_cast<float>(third * third * (third * third)));
}

/// A value whose quotient by `scale` lies just above a tie and rounds onto it in float32.
struct Tie {
  float x, scale;
};

Tie find_tie() {
  Random random(1);
  while (true) {
    const float scale = random.real(0.001F, 0.1F);
    const float x = std::nextafter(scale * 50.5F, 100.0F);
    const float in_float = x / scale;
    const double in_double = static_cast<double>(x) / static_cast<double>(scale);
    if (in_float == 50.5F && in_double > 50.5) return {x, scale};  // 50 by float32, 51 by double
  }
}

TEST(Evaluate, OnlyValuesThatLiveInFloat32AreDividedInFloat32) {
  const Tie tie = find_tie();
  const TensorType real = real_type({1, 1, 1, 1});
  const TensorType q = quantized_type(DType::kU8, {1, 1, 1, 1}, tie.scale, 0);
  const Tensor x = real_tensor({1, 1, 1, 1}, {tie.x});

  Graph of_input;
  of_input.add_output(add(of_input, Quantize{}, {of_input.add_input("x", real)}, q));
  EXPECT_EQ(evaluate(of_input, {x}, Rounding::kFloat)[0].integers[0], 50);
  EXPECT_EQ(evaluate(of_input, {x}, Rounding::kExact)[0].integers[0], 51);

  Graph of_constant;
  of_constant.add_output(add(of_constant, Quantize{}, {of_constant.add_constant("x", real, x)}, q));
  EXPECT_EQ(evaluate(of_constant, {}, Rounding::kFloat)[0].integers[0], 50);
  EXPECT_EQ(evaluate(of_constant, {}, Rounding::kExact)[0].integers[0], 50);

  Graph of_result;
  of_result.add_output(add(of_result, Quantize{}, {add(of_result, Relu{}, {of_result.add_input("x", real)}, real)}, q));
  EXPECT_EQ(evaluate(of_result, {x}, Rounding::kFloat)[0].integers[0], 51);
  EXPECT_EQ(evaluate(of_result, {x}, Rounding::kExact)[0].integers[0], 51);
}

}  // namespace
}  // namespace qatc::testing
