#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "frontend/import_onnx.h"
#include "onnx_builder.h"
#include "support/error.h"

namespace qatc::test {
namespace {

const std::string kAsymmetric = "asymmetric", kFloor = "floor";

/// x -> Conv with a 1-channel filter of the given extents.
onnx::NodeProto& add_conv(OnnxBuilder& b, int64_t kh, int64_t kw) {
  b.floats("w", {1, 1, kh, kw}, std::vector<float>(static_cast<size_t>(kh * kw), 1.0F));
  return b.node("Conv", {"x", "w"});
}

/// Adds 's' = 0.5 and 'z' = UINT8 3.
void add_quantization(OnnxBuilder& b) {
  b.floats("s", {}, {0.5F});
  b.ints("z", onnx::TensorProto::UINT8, {}, {3});
}

std::string output_shape(const OnnxBuilder& b) {
  const Graph graph = b.import();
  return shape_text(graph.type(graph.outputs().at(0)).shape);
}

TEST(Import, FilterBecomesOhwiAndBiasZeros) {
  OnnxBuilder b(2);
  b.floats("w", {1, 2, 1, 3}, {1, 2, 3, 4, 5, 6});
  set_ints(b.node("Conv", {"x", "w"}), "pads", {0, 1, 0, 1});
  const Graph graph = b.import();
  const Node& conv = last_node(graph);
  EXPECT_EQ(graph.value(conv.inputs[1]).constant->shape, (std::vector<int64_t>{1, 1, 3, 2}));
  EXPECT_EQ(graph.value(conv.inputs[1]).constant->real, (std::vector<double>{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(graph.value(conv.inputs[2]).constant->real, (std::vector<double>{0}));
  EXPECT_EQ(std::get<Conv2d>(conv.op).pad, (std::array<int64_t, 4>{0, 1, 0, 1}));
  EXPECT_EQ(graph.value(conv.output).name, "y");
  EXPECT_EQ(conv.origins, (std::vector<Origin>{{"Conv_0", "Conv"}}));
}

TEST(Import, FilterChainsOfFloatAndOfIntegers) {
  OnnxBuilder b(1);
  b.floats("wf", {2, 1, 1, 1}, {1, 2});
  b.ints("wi", onnx::TensorProto::INT8, {2, 2, 1, 1}, {1, 2, 3, 4});
  b.floats("ws", {2}, {0.5F, 0.25F});
  b.ints("wz", onnx::TensorProto::INT8, {2}, {0, 1});
  set(b.node("QuantizeLinear", {"wf", "ws", "wz"}, "wq"), "axis", int64_t{0});
  set(b.node("DequantizeLinear", {"wq", "ws", "wz"}, "wd"), "axis", int64_t{-4});
  set(b.node("DequantizeLinear", {"wi", "ws", "wz"}, "wid"), "axis", int64_t{0});
  b.node("Conv", {"x", "wd"}, "c");
  b.node("Conv", {"c", "wid"});
  const Graph graph = b.import();
  const QuantParams quant{{0.5F, 0.25F}, {0, 1}, 0};
  const Node& last = last_node(graph);
  const Node* integer_chain = graph.producer_as<Dequantize>(last.inputs[1]);
  ASSERT_NE(integer_chain, nullptr);
  EXPECT_EQ(graph.type(integer_chain->inputs[0]).dtype, DType::kI8);
  EXPECT_EQ(graph.type(integer_chain->inputs[0]).quant, quant);
  EXPECT_EQ(graph.value(integer_chain->inputs[0]).constant->integers, (std::vector<int32_t>{1, 2, 3, 4}));
  const Node* first = graph.producer_as<Conv2d>(last.inputs[0]);
  const Node* dequantize = graph.producer_as<Dequantize>(first->inputs[1]);
  ASSERT_NE(dequantize, nullptr);
  const Node* quantize = graph.producer_as<Quantize>(dequantize->inputs[0]);
  ASSERT_NE(quantize, nullptr);
  EXPECT_EQ(graph.type(quantize->output).quant, quant);
  EXPECT_EQ(graph.value(quantize->output).name, "wq");
  EXPECT_TRUE(graph.value(quantize->inputs[0]).constant.has_value());
}

TEST(Import, BiasFromInt32IsOneFloatConstant) {
  OnnxBuilder b(1);
  b.floats("w", {2, 1, 1, 1}, {1, 1});
  b.ints("b", onnx::TensorProto::INT32, {2}, {3, -16777217});
  b.floats("s", {}, {0.1F});
  b.node("DequantizeLinear", {"b", "s"}, "bd");
  b.node("Conv", {"x", "w", "bd"});
  const Graph graph = b.import();
  const std::vector<double>& bias = graph.value(last_node(graph).inputs[2]).constant->real;
  EXPECT_EQ(bias[0], static_cast<double>(static_cast<float>(3 * static_cast<double>(0.1F))));
  EXPECT_EQ(bias[1], static_cast<double>(static_cast<float>(-16777217.0 * static_cast<double>(0.1F))));
}

TEST(Import, QuantizeDefaultsToUint8) {
  OnnxBuilder b;
  b.floats("s", {1}, {0.5F});
  b.node("QuantizeLinear", {"x", "s"}, "q");
  b.node("DequantizeLinear", {"q", "s"});
  const Graph graph = b.import();
  const TensorType& type = graph.type(last_node(graph).inputs[0]);
  EXPECT_EQ(type.dtype, DType::kU8);
  EXPECT_EQ(type.quant, (QuantParams{{0.5F}, {0}, std::nullopt}));
}

TEST(Import, InitializersListedAsInputsAreNoInputs) {
  OnnxBuilder b;
  add_quantization(b);
  b.graph().add_input()->set_name("s");
  b.node("QuantizeLinear", {"x", "s", "z"}, "q");
  b.node("DequantizeLinear", {"q", "s", "z"});
  EXPECT_EQ(b.import().inputs().size(), 1U);
}

TEST(Import, NodesMayComeInAnyOrder) {
  OnnxBuilder b;
  b.node("Relu", {"t"});
  b.node("Tanh", {"x"}, "t");
  EXPECT_TRUE(std::holds_alternative<Relu>(last_node(b.import()).op));
}

TEST(Import, UnusedNodesAreNotRead) {
  OnnxBuilder b;
  b.node("Softmax", {"x"}, "unused");
  b.node("Tanh", {"x"});
  EXPECT_EQ(b.import().schedule_order().size(), 1U);
}

TEST(Import, NoSizeShrinksAsTheImageGrows) {
  OnnxBuilder b;
  b.int64s("hundred", {4}, {2, 6, 100, 100});
  b.node("Shape", {"x"}, "shape");
  b.node("Sub", {"hundred", "shape"}, "sizes");
  onnx::NodeProto& resize = b.node("Resize", {"x", "", "", "sizes"});
  set(resize, "coordinate_transformation_mode", kAsymmetric);
  set(resize, "nearest_mode", kFloor);
  EXPECT_EQ(b.errors(),
            "m.onnx: node 'Resize_2' (Resize): the result has the extent H * -1 + 100, which is the smaller the larger "
            "the image is");
}

TEST(Import, ClipBounds) {
  OnnxBuilder b;
  b.floats("max", {}, {6});
  b.node("Clip", {"x", "", "max"});
  const Graph graph = b.import();
  const auto& clip = std::get<Clip>(last_node(graph).op);
  EXPECT_EQ(clip.min, -std::numeric_limits<float>::infinity());
  EXPECT_EQ(clip.max, 6);
}

TEST(Import, WindowExtents) {
  const auto shape = [](int64_t kernel, const std::vector<std::pair<std::string, std::vector<int64_t>>>& attributes) {
    OnnxBuilder b(1);
    onnx::NodeProto& conv = add_conv(b, kernel, 1);
    for (const auto& [name, values] : attributes) set_ints(conv, name, values);
    return output_shape(b);
  };
  EXPECT_EQ(shape(3, {}), "1, H - 2, W, 1");
  EXPECT_EQ(shape(3, {{"pads", {1, 0, 1, 0}}}), "1, H, W, 1");
  EXPECT_EQ(shape(3, {{"pads", {1, 0, 1, 0}}, {"strides", {2, 1}}}), "1, (H + 1) / 2, W, 1");
  EXPECT_EQ(shape(3, {{"pads", {1, 0, 1, 0}}, {"dilations", {2, 1}}}), "1, H - 2, W, 1");
}

TEST(Import, AutoPad) {
  const auto pad = [](const std::string& mode) {
    OnnxBuilder b(1);
    set(add_conv(b, 4, 1), "auto_pad", mode);
    return std::get<Conv2d>(last_node(b.import()).op).pad;
  };
  EXPECT_EQ(pad("VALID"), (std::array<int64_t, 4>{0, 0, 0, 0}));
  EXPECT_EQ(pad("SAME_UPPER"), (std::array<int64_t, 4>{1, 0, 2, 0}));
  EXPECT_EQ(pad("SAME_LOWER"), (std::array<int64_t, 4>{2, 0, 1, 0}));
}

TEST(Import, FixedSizesBecomeNumbers) {
  OnnxBuilder b(1);
  b.fix_input_dim(2, 7);
  set_ints(add_conv(b, 3, 1), "strides", {2, 2});
  EXPECT_EQ(output_shape(b), "1, 3, (W + 1) / 2, 1");
}

/// Resize of x by the scale in height, 1 in width.
std::string resize(float scale, const std::string& mode, const std::string& nearest) {
  OnnxBuilder b;
  b.floats("scales", {4}, {1, 1, scale, 1});
  onnx::NodeProto& node = b.node("Resize", {"x", "", "scales"});
  set(node, "coordinate_transformation_mode", mode);
  set(node, "nearest_mode", nearest);
  const std::string errors = b.errors();
  return errors.empty() ? output_shape(b) : errors;
}

TEST(Import, ResizeByScale) {
  EXPECT_EQ(resize(2, kAsymmetric, kFloor), "1, H * 2, W, 3");
  EXPECT_EQ(resize(0.75F, kAsymmetric, kFloor), "1, (H * 3) / 4, W, 3");
  EXPECT_EQ(resize(3, "half_pixel", "round_prefer_floor"), "1, H * 3, W, 3");
  EXPECT_EQ(resize(2, kAsymmetric, "round_prefer_floor"), "1, H * 2, W, 3");
  EXPECT_EQ(resize(2, "tf_half_pixel_for_nn", kFloor), "1, H * 2, W, 3");
  EXPECT_EQ(resize(3, kAsymmetric, "round_prefer_floor"),
            "m.onnx: node 'Resize_0' (Resize): coordinate_transformation_mode 'asymmetric' with nearest_mode "
            "'round_prefer_floor' from H to H * 3 is not supported; use 'asymmetric' with 'floor'");
  EXPECT_NE(resize(1.5F, "half_pixel", "round_prefer_floor").find("not supported"), std::string::npos);
  EXPECT_NE(resize(2, "half_pixel", kFloor).find("not supported"), std::string::npos);
  EXPECT_NE(resize(2, "align_corners", kFloor).find("not supported"), std::string::npos);
}

/// The index that ONNX's formula reads, in exact arithmetic for the scales used here.
int64_t onnx_index(const std::string& mode, const std::string& nearest, int64_t i, double scale, int64_t in) {
  const auto position = static_cast<double>(i);
  double x = position / scale;
  if (mode == "half_pixel" || mode == "pytorch_half_pixel" || mode == "half_pixel_symmetric") {
    x = (position + 0.5) / scale - 0.5;
  } else if (mode == "tf_half_pixel_for_nn") {
    x = (position + 0.5) / scale;
  }
  const double rounded = nearest == kFloor                 ? std::floor(x)
                         : nearest == "round_prefer_floor" ? std::ceil(x - 0.5)
                                                           : std::floor(x + 0.5);
  return std::clamp<int64_t>(static_cast<int64_t>(rounded), 0, in - 1);
}

TEST(Import, ResizeModesThatAreAcceptedReadTheSamePixels) {
  int accepted = 0;
  for (const std::string mode : {"asymmetric", "half_pixel", "pytorch_half_pixel", "half_pixel_symmetric",
                                 "tf_half_pixel_for_nn", "align_corners"}) {
    for (const std::string nearest : {"floor", "round_prefer_floor", "round_prefer_ceil", "ceil"}) {
      for (const float scale : {1.0F, 2.0F, 4.0F, 8.0F, 0.5F}) {
        if (resize(scale, mode, nearest).find("error") != std::string::npos ||
            resize(scale, mode, nearest).find("not supported") != std::string::npos) {
          continue;
        }
        ++accepted;
        for (int64_t in = 1; in < 40; ++in) {
          const auto out = static_cast<int64_t>(std::floor(static_cast<double>(in) * scale));
          for (int64_t i = 0; i < out; ++i) {
            const auto ours =
                std::min<int64_t>(static_cast<int64_t>(std::floor(static_cast<double>(i) / scale)), in - 1);
            ASSERT_EQ(onnx_index(mode, nearest, i, scale, in), ours) << mode << " " << nearest << " " << scale;
          }
        }
      }
    }
  }
  EXPECT_GT(accepted, 20);
}

struct Fault {
  const char* name;
  std::string errors;
  std::string expected;
};

TEST(ImportErrors, QuantizationParameters) {
  const auto quantize = [](float scale, onnx::TensorProto::DataType type, const std::vector<int32_t>& zero_points) {
    OnnxBuilder b;
    b.floats("s", {}, {scale});
    b.ints("z", type, {static_cast<int64_t>(zero_points.size())}, zero_points);
    b.node("QuantizeLinear", {"x", "s", "z"}, "q");
    b.node("DequantizeLinear", {"q", "s", "z"});
    return b.errors();
  };
  const std::string node = "m.onnx: node 'QuantizeLinear_0' (QuantizeLinear): ";
  const std::string range = "; it must be finite and greater than 0";
  const auto u8 = onnx::TensorProto::UINT8;
  EXPECT_EQ(quantize(1, u8, {0}), "");
  EXPECT_EQ(quantize(0, u8, {0}), node + "scale is 0" + range);
  EXPECT_EQ(quantize(-1, u8, {0}), node + "scale is -1.000000" + range);
  EXPECT_EQ(quantize(std::numeric_limits<float>::infinity(), u8, {0}), node + "scale is inf" + range);
  EXPECT_EQ(quantize(1, u8, {0, 0}), node + "zero_point has 2 elements but scale has 1");
  EXPECT_EQ(quantize(1, onnx::TensorProto::UINT16, {0}),
            "m.onnx: initializer 'z' has the element type UINT16, which is not supported");
  EXPECT_EQ(quantize(1, u8, {256}), "m.onnx: initializer 'z' holds 256, which is no UINT8");
}

TEST(ImportErrors, DequantizeWithOtherParameters) {
  OnnxBuilder b;
  add_quantization(b);
  b.floats("other", {}, {0.25F});
  b.node("QuantizeLinear", {"x", "s", "z"}, "q");
  b.node("DequantizeLinear", {"q", "other", "z"});
  EXPECT_EQ(b.errors(),
            "m.onnx: node 'DequantizeLinear_1' (DequantizeLinear): scale or zero_point differs from that of "
            "the output "
            "of 'QuantizeLinear_0' (QuantizeLinear)");
}

TEST(ImportErrors, PerChannelActivation) {
  OnnxBuilder b;
  b.floats("s", {3}, {1, 1, 1});
  b.node("QuantizeLinear", {"x", "s"});
  EXPECT_EQ(b.errors(),
            "m.onnx: node 'QuantizeLinear_0' (QuantizeLinear): an activation is quantized with 3 scales; one "
            "scale for "
            "the tensor is supported, several only for constants");
}

TEST(ImportErrors, AllUnsupportedNodesAtOnce) {
  OnnxBuilder b(1);
  set(add_conv(b, 1, 1), "group", int64_t{2});
  b.graph().mutable_node(0)->set_output(0, "a");
  b.node("Softmax", {"a"}, "b");
  b.node("Gelu", {"b"}).set_domain("com.microsoft");
  EXPECT_EQ(b.errors(),
            "m.onnx: node 'Conv_0' (Conv): group is 2; only 1 is supported\n"
            "m.onnx: node 'Softmax_1' (Softmax): the op is not supported (README.md lists those that are)\n"
            "m.onnx: node 'Gelu_2' (Gelu): ops of domain 'com.microsoft' are not supported");
}

TEST(ImportErrors, UnknownAttribute) {
  OnnxBuilder b;
  set(b.node("Relu", {"x"}), "slope", int64_t{1});
  EXPECT_EQ(b.errors(), "m.onnx: node 'Relu_0' (Relu): attribute 'slope' is not supported");
}

TEST(ImportErrors, UnnamedNodesGoByTheirOutput) {
  OnnxBuilder b;
  b.node("Softmax", {"x"}).clear_name();
  EXPECT_EQ(b.errors(), "m.onnx: node 'y' (Softmax): the op is not supported (README.md lists those that are)");
}

TEST(ImportErrors, ShapesThatMayDiffer) {
  OnnxBuilder b(1);
  b.floats("w", {1, 1, 3, 3}, std::vector<float>(9, 1.0F));
  set_ints(b.node("Conv", {"x", "w"}, "c"), "strides", {2, 2});
  b.node("Add", {"x", "c"});
  EXPECT_EQ(b.errors(),
            "m.onnx: node 'Add_1' (Add): operands have the shapes [1, 1, H, W] and [1, 1, (H - 1) / 2, (W - "
            "1) / 2], "
            "which must be equal for every image");
}

TEST(ImportErrors, AddOfAConstant) {
  OnnxBuilder b;
  b.floats("one", {}, {1});
  b.node("Add", {"x", "one"});
  EXPECT_EQ(b.errors(),
            "m.onnx: node 'Add_0' (Add): operand 1 is the initializer 'one'; both operands must be "
            "activations of the "
            "same shape");
}

TEST(ImportErrors, IntegerActivationIntoARealOp) {
  OnnxBuilder b;
  add_quantization(b);
  b.node("QuantizeLinear", {"x", "s", "z"}, "q");
  b.node("Relu", {"q"});
  EXPECT_EQ(b.errors(),
            "m.onnx: node 'Relu_1' (Relu): the input is u8, the output of 'QuantizeLinear_0' "
            "(QuantizeLinear); only "
            "float is supported here, so keep a DequantizeLinear in between");
}

TEST(ImportErrors, Structure) {
  {
    OnnxBuilder b;
    b.node("Relu", {"x"}, "t");
    b.node("Relu", {"x"}, "t");
    b.node("Relu", {"nowhere"});
    EXPECT_EQ(b.errors(),
              "m.onnx: node 'Relu_1' (Relu): output 't' already has this name elsewhere in the graph; names "
              "must be "
              "unique\n"
              "m.onnx: node 'Relu_2' (Relu): input 'nowhere' is made by no node and is neither an "
              "initializer nor a "
              "graph input");
  }
  {
    OnnxBuilder b;
    b.node("Relu", {"c"});
    b.node("Add", {"x", "b"}, "a");
    b.node("Relu", {"a"}, "b");
    b.node("Relu", {"b"}, "c");
    EXPECT_EQ(b.errors(), "m.onnx: node 'Relu_2' (Relu): the graph has a cycle through this node");
  }
}

TEST(ImportErrors, WholeFile) {
  {
    OnnxBuilder b(3, 9);
    b.node("Relu", {"x"});
    EXPECT_EQ(b.errors(), "m.onnx: opset 9 is not supported; export with opset 11 to 21");
  }
  {
    OnnxBuilder b;
    b.node("Relu", {"x"});
    *b.graph().add_input() = b.graph().input(0);
    b.graph().mutable_input(1)->set_name("x2");
    EXPECT_EQ(b.errors(), "m.onnx: the graph has 2 inputs: 'x', 'x2'; exactly one image input is supported");
  }
  {
    OnnxBuilder b;
    b.node("Identity", {"x"});
    EXPECT_EQ(b.errors(), "m.onnx: graph output 'y' is the graph input itself; there is nothing to compile");
  }
  {
    OnnxBuilder b;
    b.fix_input_dim(0, 4);
    b.node("Relu", {"x"});
    EXPECT_EQ(b.errors(), "m.onnx: graph input 'x' has a batch of 4; only 1 is supported");
  }
  {
    OnnxBuilder b;
    b.fix_input_dim(2, -1);
    b.node("Relu", {"x"});
    EXPECT_EQ(b.errors(), "m.onnx: graph input 'x' has the height -1, must be 1 to 65536");
  }
}

TEST(ImportErrors, ConstantsThatAreNotThere) {
  const auto errors = [](void (*damage)(onnx::TensorProto&)) {
    OnnxBuilder b(1);
    b.node("Conv", {"x", "w"});
    b.floats("w", {1, 1, 1, 1}, {1});
    damage(*b.graph().mutable_initializer(0));
    return b.errors();
  };
  EXPECT_EQ(errors([](onnx::TensorProto& w) { w.set_data_location(onnx::TensorProto::EXTERNAL); }),
            "m.onnx: initializer 'w' keeps its data in another file; save the model with all data in one file");
  EXPECT_EQ(errors([](onnx::TensorProto& w) { w.set_raw_data("12"); }),
            "m.onnx: initializer 'w' needs 4 bytes of data by its dimensions but has 2; the file is "
            "truncated or damaged");
  EXPECT_EQ(errors([](onnx::TensorProto& w) { w.set_dims(0, -1); }),
            "m.onnx: initializer 'w' has the negative dimension -1");
  EXPECT_EQ(errors([](onnx::TensorProto& w) {
              w.set_dims(0, int64_t{1} << 31);
              w.set_dims(1, 2);
            }),
            "m.onnx: initializer 'w' has more than 2^31 elements");
  EXPECT_EQ(errors([](onnx::TensorProto& w) {
              w.set_dims(0, int64_t{1} << 31);
              w.set_dims(1, 0);
              w.clear_float_data();
            }),
            "m.onnx: node 'Conv_0' (Conv): filter reads 0 channels but the input has 1");
  EXPECT_EQ(errors([](onnx::TensorProto& w) { w.set_float_data(0, std::numeric_limits<float>::quiet_NaN()); }),
            "m.onnx: node 'Conv_0' (Conv): filter holds nan at element 0; all must be finite");
}

}  // namespace
}  // namespace qatc::test
