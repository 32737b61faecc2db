#include "ops/op_testing.h"

namespace qatc::testing {
namespace {

const TensorType kReal = real_type({1, 4, 4, 2});

/// x -> relu -> tanh, with a constant on the side.
struct Small {
  Graph graph;
  ValueId x, relu, tanh, constant;
};

Small make_small() {
  Small s;
  s.x = s.graph.add_input("x", kReal);
  s.relu = s.graph.add_node(Relu{}, {s.x}, "relu", kReal, {{"block/act", "Relu"}});
  s.tanh = s.graph.add_node(Tanh{}, {s.relu}, "tanh", kReal, {});
  s.constant =
      s.graph.add_constant("c", quantized_type(DType::kU8, {2}, 0.5F, 3), integer_tensor(DType::kU8, {2}, {0, 255}));
  s.graph.add_output(s.tanh);
  return s;
}

/// The message of the InternalError that verify throws, or "" when it throws none.
std::string complaint(const Graph& graph) {
  try {
    verify(graph);
  } catch (const InternalError& error) {
    return error.what();
  }
  return "";
}

void expect_complaint(const Graph& graph, const std::string& text) {
  EXPECT_NE(complaint(graph).find(text), std::string::npos) << "got: " << complaint(graph);
}

TEST(Verify, AcceptsAGoodGraph) { EXPECT_EQ(complaint(make_small().graph), ""); }

TEST(Verify, AcceptsRemovedNodes) {
  Small s = make_small();
  s.graph.replace_uses(s.relu, s.x);
  s.graph.remove_node(*s.graph.value(s.relu).producer);
  EXPECT_EQ(complaint(s.graph), "");
}

TEST(Verify, NamesTheNode) {
  Small s = make_small();
  s.graph.value(s.relu).type.shape[1] = 5;
  expect_complaint(s.graph, "node 'block/act' (Relu): ");
  expect_complaint(s.graph, "the result has shape [1, 5, 4, 2] instead of [1, 4, 4, 2]");
}

TEST(Verify, RefusesMixedTypes) {
  Small s = make_small();
  s.graph.value(s.tanh).type = quantized_type(DType::kU8, {1, 4, 4, 2}, 1, 0);
  expect_complaint(s.graph, "all real or all 8-bit");
}

TEST(Verify, RefusesOperandsThatDoNotFit) {
  Small s = make_small();
  s.graph.node(*s.graph.value(s.tanh).producer).inputs.push_back(s.x);
  expect_complaint(s.graph, "tanh has one operand");
}

TEST(Verify, RefusesReadingWhatNothingMakes) {
  Small s = make_small();
  s.graph.remove_node(*s.graph.value(s.relu).producer);
  expect_complaint(s.graph, "value 'relu' is read but nothing makes it");
}

TEST(Verify, RefusesIdsOutOfRange) {
  Small s = make_small();
  s.graph.node(*s.graph.value(s.tanh).producer).inputs[0] = static_cast<ValueId>(99);
  expect_complaint(s.graph, "a value id is out of range");
}

TEST(Verify, RefusesTwoProducers) {
  Small s = make_small();
  s.graph.node(*s.graph.value(s.tanh).producer).output = s.relu;
  expect_complaint(s.graph, "another node as its producer");
}

TEST(Verify, RefusesCycles) {
  Small s = make_small();
  s.graph.node(*s.graph.value(s.relu).producer).inputs[0] = s.tanh;
  EXPECT_THROW(verify(s.graph), UserError);
}

TEST(Verify, RefusesBadConstants) {
  Small s = make_small();
  s.graph.value(s.constant).constant->integers[1] = 256;
  expect_complaint(s.graph, "value 'c': ");
  s.graph.value(s.constant).constant->integers = {1};
  expect_complaint(s.graph, "wrong number of integer elements");
  s.graph.value(s.constant).constant = integer_tensor(DType::kU8, {1, 2}, {0, 0});
  expect_complaint(s.graph, "the data have shape [1, 2]");
  s.graph.value(s.constant).constant = integer_tensor(DType::kI8, {2}, {0, 0});
  expect_complaint(s.graph, "the data have another type");
}

TEST(Verify, RefusesBadQuantization) {
  const auto with_quant = [](const QuantParams& quant) {
    Small s = make_small();
    s.graph.value(s.constant).type.quant = quant;
    return s.graph;
  };
  EXPECT_EQ(complaint(with_quant({{1, 2}, {0, 255}, 0})), "");
  expect_complaint(with_quant({{0}, {0}, {}}), "a scale is not a positive number");
  expect_complaint(with_quant({{INFINITY}, {0}, {}}), "a scale is not a positive number");
  expect_complaint(with_quant({{1}, {256}, {}}), "a zero point is out of range");
  expect_complaint(with_quant({{1, 2}, {0, 0}, {}}), "do not match the number of channels");
  expect_complaint(with_quant({{1, 2}, {0}, 0}), "do not match the number of channels");
  expect_complaint(with_quant({{1}, {0}, 1}), "the axis is out of range");
}

TEST(Verify, ARemovedNodeHasNoBehaviour) { EXPECT_THROW(infer_shape(Op{}, {}), InternalError); }

}  // namespace
}  // namespace qatc::testing
