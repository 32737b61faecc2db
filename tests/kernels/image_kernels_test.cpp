// Kernels that read and write the caller's images: the same bytes as the runtime without them, which tests/runtime
// compares with the definition.

#include <gtest/gtest.h>

#include "ir/parse.h"
#include "ops/op.h"
#include "plan/image.h"
#include "support/generated_library.h"

namespace qatc::testing {
namespace {

struct ImageCase {
  int channels;
  std::string input, output;  // type and quantization
  std::string end;            // what becomes of %real
  Rounding rounding;
  size_t kernels;
};

std::ostream& operator<<(std::ostream& out, const ImageCase& image) {
  return out << image.channels << " channels, " << image.input << ", " << image.output << ", " << image.end;
}

/// An image, a conv of one pixel, an image.
Plan image_plan(const ImageCase& image) {
  const std::string c = std::to_string(image.channels);
  const std::string shape = "[1, H, W, " + c + "]";
  std::string filter;
  std::string bias;
  for (int i = 0; i < image.channels * image.channels; ++i)
    filter += (i == 0 ? "" : ", ") + std::to_string(i * 37 % 90);
  for (int i = 0; i < image.channels; ++i) bias += (i == 0 ? "" : ", ") + std::to_string(i);
  const auto type = [&](const std::string& quantized) {
    const size_t name = quantized.find(' ');
    return quantized.substr(0, name) + shape + quantized.substr(name);
  };
  const Graph graph = parse("graph 'image'\ninput %x: f32" + shape + "\n%q: " + type(image.input) +
                            " = quantize(%x) from 'in' (QuantizeLinear)\nconst %w: i8[" + c + ", 1, 1, " + c +
                            "] quant(0.01, 0) = {" + filter + "}\nconst %b: f32[" + c + "] = {" + bias +
                            "}\n%a: " + type(image.output) + " = conv2d(%q, %w, %b) from 'conv' (Conv)\n%real: f32" +
                            shape + " = dequantize(%a)\n%y: f32" + shape + " = " + image.end + "\noutput %y\n");
  verify(graph);
  return make_plan(graph, image.rounding);
}

class ImageKernels : public ::testing::TestWithParam<ImageCase> {};

TEST_P(ImageKernels, SameBytesAsTheRuntimeAlone) {
  const ImageCase& image = GetParam();
  const Plan plan = image_plan(image);
  EXPECT_EQ(image_kernels(plan).size(), image.kernels);
  GeneratedLibrary library(plan, runnable(kEveryTarget));
  for (const std::string& target : library.targets()) {
    SCOPED_TRACE(target);
    std::vector<std::string> command = runner(target);
    command.push_back(library.link(target, std::string(QATC_KERNELS_TEST_DIR) + "/image_kernels.c",
                                   {"-DCHANNELS=" + std::to_string(image.channels)}, {"-lm"}));
    EXPECT_EQ(run_checked(command), std::to_string(image.kernels) + "\n");
  }
}

const std::string kClip = "clip(%real) {min = 0, max = 1}";

INSTANTIATE_TEST_SUITE_P(
    Kernels, ImageKernels,
    ::testing::Values(
        ImageCase{3, "u8 quant(0.003921569, 0)", "u8 quant(0.006, 40)", kClip, Rounding::kFloat, 12},
        ImageCase{3, "i8 quant(0.0051, 127)", "i8 quant(0.0041, -128)", "relu(%real)", Rounding::kExact, 12},
        ImageCase{3, "u8 quant(0.01, 255)", "u8 quant(0.01, 255)", "clip(%real) {min = -1, max = 0.5}",
                  Rounding::kFloat, 12},
        ImageCase{1, "i8 quant(1, -128)", "u8 quant(0.004, 128)", kClip, Rounding::kFloat, 4},
        ImageCase{2, "u8 quant(0.0037, 128)", "i8 quant(0.0039, 0)", kClip, Rounding::kExact, 8},
        ImageCase{4, "i8 quant(0.0043, -5)", "u8 quant(0.0042, 0)", kClip, Rounding::kFloat, 8},
        // No line through the output's values; a scale that floats are not divided by in kernels; more channels.
        ImageCase{3, "u8 quant(0.0039, 3)", "u8 quant(0.02, 100)", "tanh(%real)", Rounding::kFloat, 9},
        ImageCase{3, "u8 quant(1e-30, 3)", "u8 quant(0.004, 0)", kClip, Rounding::kFloat, 9},
        ImageCase{5, "u8 quant(0.0039, 3)", "u8 quant(0.004, 0)", kClip, Rounding::kFloat, 0}));

}  // namespace
}  // namespace qatc::testing
