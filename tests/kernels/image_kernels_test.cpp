// Kernels that read and write the caller's images: the same bytes as the runtime without them, which tests/runtime
// compares with the definition.

#include <gtest/gtest.h>

#include <algorithm>

#include "ir/parse.h"
#include "ops/op.h"
#include "plan/image.h"
#include "schedules/templates/autoscheduler.h"
#include "support/generated_library.h"
#include "support/network_builder.h"

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

/// Reads the image once, by a conv of its own, and does little else.
struct FirstConv {
  int64_t channels, filters;
  int64_t size, stride;
  NetworkBuilder::Filter filter = NetworkBuilder::Filter::kPerChannel;
  Scheduler scheduler = Scheduler::kTemplates;
};

std::ostream& operator<<(std::ostream& out, const FirstConv& conv) {
  return out << conv.size << "x" << conv.size << " stride " << conv.stride << ", " << conv.channels << " to "
             << conv.filters << ", " << scheduler_name(conv.scheduler);
}

class FirstConvs : public ::testing::TestWithParam<FirstConv> {};

TEST_P(FirstConvs, ReadPixelsOfEveryLayoutAlike) {
  const FirstConv& first = GetParam();
  NetworkBuilder network(7, first.channels);
  NetworkBuilder::ConvOptions options;
  options.kernel = {first.size, first.size};
  options.stride = {first.stride, first.stride};
  // More before than behind: rows and columns of the border on every side, and none.
  options.pad = {first.size / 2, first.size - 1, first.size / 2, 0};
  options.filter = first.filter;
  const ValueId value = network.conv({network.image()}, first.filters, options);
  options.filter = NetworkBuilder::Filter::kPerTensor;
  options.stride = {1, 1};
  network.keep(network.conv({network.lookup(value)}, 4, options));
  const Plan plan = make_plan(network.finish(), Rounding::kFloat);
  ASSERT_EQ(plan.limits.min_height, 1);
  ASSERT_EQ(plan.limits.min_width, 1);
  const auto loading = std::count_if(plan.kernels.begin(), plan.kernels.end(),
                                     [](const KernelSpec& spec) { return spec.image_channels > 0; });
  ASSERT_EQ(loading, 1) << print(plan);
  const bool is_template = first.scheduler == Scheduler::kTemplates;
  // To an autoscheduler, instruction sets are lengths of vectors.
  const std::vector<std::string> targets =
      is_template ? kEveryTarget : std::vector<std::string>{"host", "arm-64-linux-arm_dot_prod"};
  int autoscheduled = 0;
  GeneratedLibrary library(plan, runnable(targets), "net", [&](const KernelSpec& spec, const Target& target) {
    const ScheduleChoice choice = known_or_autoscheduled(spec, target, first.scheduler);
    if (spec.image_channels > 0 && choice.source == ScheduleSource::kAutoscheduler) ++autoscheduled;
    return choice.schedule;
  });
  EXPECT_EQ(autoscheduled > 0, !is_template);
  for (const std::string& target : library.targets()) {
    SCOPED_TRACE(target);
    std::vector<std::string> command = runner(target);
    command.push_back(library.link(target, std::string(QATC_KERNELS_TEST_DIR) + "/first_conv.c",
                                   {"-DCHANNELS=" + std::to_string(first.channels)}, {"-lm"}));
    EXPECT_EQ(run_checked(command), "351\n");
  }
}

INSTANTIATE_TEST_SUITE_P(
    Kernels, FirstConvs,
    ::testing::Values(FirstConv{3, 32, 3, 2}, FirstConv{3, 12, 3, 1}, FirstConv{1, 16, 5, 1}, FirstConv{4, 8, 1, 1},
                      FirstConv{2, 3, 3, 1}, FirstConv{3, 3, 3, 1, NetworkBuilder::Filter::kFixedPoint},
                      FirstConv{3, 16, 3, 1, NetworkBuilder::Filter::kPerChannel, Scheduler::kMullapudi2016},
                      FirstConv{3, 16, 3, 2, NetworkBuilder::Filter::kPerChannel, Scheduler::kAdams2019}));

}  // namespace
}  // namespace qatc::testing
