#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "ir/parse.h"
#include "ir/print.h"
#include "support/error.h"

namespace qatc {
namespace {

constexpr PrintOptions kAll{.constants = PrintOptions::kAll};

constexpr const char* kText =
    "graph 'net'\n"
    "input %x: f32[1, H, W, 3]\n"
    "%x.q: u8[1, H, W, 3] quant(0.003921569, 0) = quantize(%x) from 'q' (QuantizeLinear)\n"
    "const %w: i8[2, 1, 1, 3] quant([0.5, 0.25], [0, -1], axis 0) = {1, -2, 3, 4, 5, -128}\n"
    "const %b: f32[2] = {0.1, -2.0000000000000004d}\n"
    "%y: u8[1, (H + 1) / 2, (W / 2) * 2, 2] quant(0.0387, 117) = conv2d(%x.q, %w, %b) {stride = [2, 1], "
    "pad = [0, 1, 0, 1]} from 'layer1/conv1' (Conv), 'layer1/q' (QuantizeLinear)\n"
    "%\"a \\\"b\\x0a\": u8[1, 12, 25, 2] quant(0.0387, 117) = resize(%y) {size = [12, 25], numerator = [2, "
    "2]}\n"
    "output %\"a \\\"b\\x0a\"\n"
    "output %y\n";

TEST(PrintParse, TextIsStable) { EXPECT_EQ(print(parse(kText)), kText); }

TEST(PrintParse, ReadsWhatTheTextSays) {
  const Graph graph = parse(kText);
  EXPECT_EQ(graph.name, "net");
  ASSERT_EQ(graph.outputs().size(), 2U);
  EXPECT_EQ(graph.value(graph.outputs()[0]).name, "a \"b\n");
  const Value& y = graph.value(graph.outputs()[1]);
  EXPECT_EQ(y.type.shape[1], Extent::height().step(1, 1, 2));
  EXPECT_EQ(y.type.quant, (QuantParams{{0.0387F}, {117}, std::nullopt}));
  const Node& conv = graph.node(*y.producer);
  EXPECT_EQ(std::get<Conv2d>(conv.op).stride, (std::array<int64_t, 2>{2, 1}));
  EXPECT_EQ(conv.origins, (std::vector<Origin>{{"layer1/conv1", "Conv"}, {"layer1/q", "QuantizeLinear"}}));
  EXPECT_EQ(graph.value(conv.inputs[2]).constant->real, (std::vector<double>{0.1F, -2.0000000000000004}));
}

TEST(PrintParse, SkipsCommentsAndEmptyLines) {
  EXPECT_EQ(print(parse("# a comment\n\ngraph 'net'\n  input %x: f32[]\n")), "graph 'net'\ninput %x: f32[]\n");
}

TEST(PrintParse, LargeConstantsAreAbbreviated) {
  Graph graph;
  Tensor data = Tensor::zeros(DType::kU8, {256});
  const ValueId constant = graph.add_constant("table", {DType::kU8, {256}, std::nullopt}, data);
  graph.add_output(constant);
  const std::string brief = print(graph);
  EXPECT_NE(brief.find("const %table: u8[256] = digest "), std::string::npos) << brief;
  EXPECT_THROW(parse(brief), UserError);
  EXPECT_EQ(parse(print(graph, kAll)).value(ValueId{0}).constant, data);
  graph.value(constant).constant->integers[255] = 1;
  EXPECT_NE(print(graph), brief);
}

TEST(PrintParse, ReportsTheLine) {
  const auto message = [](const std::string& text) -> std::string {
    try {
      parse(text);
    } catch (const UserError& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(message("graph 'a'\ninput %x: f16[1]\n"), "line 2, column 14: unknown type 'f16'");
  EXPECT_EQ(message("output %x"), "line 1, column 10: unknown value 'x'");
  EXPECT_EQ(message("input %x: f32[1]\n\n%y: f32[1] = sin(%x)"), "line 3, column 17: unknown op 'sin'");
  EXPECT_EQ(message("input %x: f32[1]\n%y: f32[1] = relu(%x) {slope = 1}"),
            "line 2, column 31: unknown attribute 'slope'");
  EXPECT_EQ(message("const %x: u8[2] = {1}"), "line 1, column 22: expected 2 elements");
  EXPECT_EQ(message("input %x: f32[H"), "line 1, column 16: expected ']'");
  EXPECT_EQ(message("input %x: f32[G]"), "line 1, column 15: malformed extent 'G'");
  EXPECT_EQ(message("input %x: f32[]\ninput %x: f32[]"), "line 2, column 16: the value 'x' is defined twice");
  EXPECT_EQ(message("graph 'a"), "line 1, column 9: unterminated name");
  EXPECT_EQ(message("input %x: f32[] y"), "line 1, column 17: unexpected text");
}

/// Everything the text can express, without regard to the ops' rules.
class RandomGraph {
 public:
  explicit RandomGraph(unsigned seed) : random_(seed) {
    graph_.name = text();
    for (int i = 0; i < 3; ++i) values_.push_back(graph_.add_input(text(), type(false)));
    for (int i = 0; i < 4; ++i) {
      const TensorType t = type(true);
      values_.push_back(graph_.add_constant(text(), t, data(t)));
    }
    for (int i = 0; i < 12; ++i) {
      std::vector<ValueId> inputs;
      for (int count = pick(0, 3); count >= 0; --count)
        inputs.push_back(values_[pick(0, static_cast<int>(values_.size()) - 1)]);
      std::vector<Origin> origins;
      for (int count = pick(0, 2); count > 0; --count) origins.push_back({text(), "Op"});
      values_.push_back(graph_.add_node(op(), inputs, text(), type(false), origins));
    }
    for (int i = 0; i < 3; ++i) graph_.remove_node(NodeId{pick(0, 5)});
    for (size_t i = values_.size() - 3; i < values_.size(); ++i) {
      if (graph_.value(values_[i]).producer) graph_.add_output(values_[i]);
    }
    // Readers of removed nodes read an input instead.
    for (ValueId id : values_) {
      const Value& value = graph_.value(id);
      const bool is_input = std::find(graph_.inputs().begin(), graph_.inputs().end(), id) != graph_.inputs().end();
      if (!value.producer && !value.constant && !is_input) graph_.replace_uses(id, values_[0]);
    }
  }
  const Graph& graph() const { return graph_; }

 private:
  int pick(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }
  std::string text() {
    std::string result;
    for (int count = pick(0, 6); count > 0; --count)
      result += static_cast<char>(pick(0, 3) == 0 ? pick(1, 126) : pick('a', 'z'));
    return result;
  }
  float real() {
    switch (pick(0, 9)) {
      case 0:
        return std::numeric_limits<float>::infinity();
      case 1:
        return -0.0F;
      case 2:
        return std::numeric_limits<float>::denorm_min();
      case 3:
        return static_cast<float>(pick(-4, 4));
      default:
        return std::ldexp(static_cast<float>(random_()), pick(-80, 60));
    }
  }
  Extent extent(bool constant) {
    if (constant || pick(0, 1) == 0) return pick(1, 5);
    return (pick(0, 1) == 0 ? Extent::height() : Extent::width())
        .step(pick(1, 4), pick(-3, 3), pick(1, 4))
        .step(pick(1, 3), pick(-3, 3), pick(1, 3));
  }
  TensorType type(bool constant) {
    TensorType result;
    result.dtype = static_cast<DType>(pick(0, 3));
    for (int rank = pick(0, 4); rank > 0; --rank) result.shape.push_back(extent(constant));
    if (result.is_real() || pick(0, 3) == 0) return result;
    QuantParams quant{{real()}, {pick(-128, 255)}, std::nullopt};
    if (pick(0, 1) == 0) {
      quant.axis = pick(0, 3);
      for (int count = pick(0, 3); count > 0; --count) {
        quant.scale.push_back(real());
        quant.zero_point.push_back(pick(-128, 127));
      }
    }
    result.quant = quant;
    return result;
  }
  Tensor data(const TensorType& type) {
    std::vector<int64_t> shape;
    for (const Extent& e : type.shape) shape.push_back(e.constant());
    Tensor result = Tensor::zeros(type.dtype, shape);
    for (double& v : result.real) v = pick(0, 1) == 0 ? real() : static_cast<double>(real()) / 3;
    for (int32_t& v : result.integers) v = static_cast<int32_t>(random_());
    return result;
  }
  Op op() {
    switch (pick(0, 6)) {
      case 0: {
        Conv2d conv;
        conv.stride = {pick(1, 3), pick(1, 3)};
        conv.dilation = {pick(1, 3), pick(1, 3)};
        conv.pad = {pick(0, 3), pick(0, 3), pick(0, 3), pick(0, 3)};
        conv.activations = pick(1, 3);
        return conv;
      }
      case 1:
        return LeakyRelu{real()};
      case 2:
        return Clip{real(), real()};
      case 3:
        return MaxPool{{pick(1, 3), pick(1, 3)}, {pick(1, 3), pick(1, 3)}, {}};
      case 4:
        return Resize{{extent(false), extent(false)}, {pick(0, 3), 0}, {1, pick(1, 3)}};
      case 5:
        return Concat{};
      default:
        return Quantize{};
    }
  }

  std::mt19937 random_;
  Graph graph_;
  std::vector<ValueId> values_;
};

/// Same values and nodes in schedule order; ids may differ, because the text does not have removed nodes.
void expect_same(const Graph& a, const Graph& b) {
  ASSERT_EQ(a.name, b.name);
  const auto same_value = [&](ValueId x, ValueId y) {
    const Value& v = a.value(x);
    const Value& w = b.value(y);
    return v.name == w.name && v.type == w.type && v.constant == w.constant &&
           v.producer.has_value() == w.producer.has_value();
  };
  const auto same_values = [&](const std::vector<ValueId>& x, const std::vector<ValueId>& y) {
    return std::equal(x.begin(), x.end(), y.begin(), y.end(), same_value);
  };
  EXPECT_TRUE(same_values(a.inputs(), b.inputs()));
  EXPECT_TRUE(same_values(a.outputs(), b.outputs()));
  const std::vector<NodeId> order_a = a.schedule_order();
  const std::vector<NodeId> order_b = b.schedule_order();
  ASSERT_EQ(order_a.size(), order_b.size());
  for (size_t i = 0; i < order_a.size(); ++i) {
    const Node& n = a.node(order_a[i]);
    const Node& m = b.node(order_b[i]);
    EXPECT_EQ(op_name(n.op), op_name(m.op));
    EXPECT_EQ(print_attributes(n.op), print_attributes(m.op));
    EXPECT_EQ(n.origins, m.origins);
    EXPECT_TRUE(same_values(n.inputs, m.inputs));
    EXPECT_TRUE(same_value(n.output, m.output));
  }
}

TEST(PrintParse, EveryGraphReadsBack) {
  for (unsigned seed = 0; seed < 500; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Graph graph = RandomGraph(seed).graph();
    const std::string text = print(graph, kAll);
    const Graph read = parse(text);
    expect_same(graph, read);
    ASSERT_EQ(print(read, kAll), text);
    if (HasFailure()) FAIL() << text;
  }
}

}  // namespace
}  // namespace qatc
