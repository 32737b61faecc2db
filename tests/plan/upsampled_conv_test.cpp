#include "plan/upsampled_conv.h"

#include <gtest/gtest.h>

#include <string>

#include "plan/plan_testing.h"

namespace qatc::testing {
namespace {

/// How many convs of `resize` and what follows it are also computed from the image before the resize.
size_t upsampled_convs(const std::string& resize) {
  const Plan plan = plan_of(std::string(R"(graph 'upsampled'
input %x: f32[1, H, W, 4]
%q: u8[1, H, W, 4] quant(0.01, 3) = quantize(%x)
const %w1: i8[4, 1, 1, 4] quant(0.01, 0) = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}
const %b1: f32[4] = {0, 0, 0, 0}
%p: u8[1, H, W, 4] quant(0.02, 128) = conv2d(%q, %w1, %b1)
const %w3: i8[1, 3, 3, 4] quant(0.01, 0) = {)") +
                            "1" +
                            []() {
                              std::string rest;
                              for (int i = 2; i <= 36; ++i) rest += ", " + std::to_string(i);
                              return rest;
                            }() +
                            "}\nconst %bias: f32[1] = {0}\n" + resize);
  size_t count = 0;
  for (const Stage& stage : plan.stages) {
    for (const KernelCall& call : stage.calls) count += call.upsampled ? 1 : 0;
  }
  return count;
}

TEST(UpsampledConv, NeedsAResizeThatCanDoubleAndA3x3ConvAroundEachPixel) {
  const std::string by_two =
      "%r: u8[1, H * 2, W * 2, 4] quant(0.02, 128) = resize(%p) {size = [H * 2, W * 2], numerator = [2, 2]}\n";
  const auto conv = [](const std::string& shape, const std::string& attributes) {
    return "%d: u8[1, " + shape + ", 1] quant(0.5, 0) = conv2d(%r, %w3, %bias) {" + attributes + "}\n%y: f32[1, " +
           shape + ", 1] = dequantize(%d)\noutput %y\n";
  };
  EXPECT_EQ(upsampled_convs(by_two + conv("H * 2, W * 2", "pad = [1, 1, 1, 1]")), 1);
  EXPECT_EQ(upsampled_convs(by_two + conv("H * 2 - 2, W * 2 - 2", "pad = [0, 0, 0, 0]")), 0);
  EXPECT_EQ(upsampled_convs(by_two + conv("H * 2, W * 2", "pad = [2, 2, 2, 2], dilation = [2, 2]")), 0);
  EXPECT_EQ(upsampled_convs(by_two + conv("H, W", "pad = [1, 1, 1, 1], stride = [2, 2]")), 0);
  const std::string by_three =
      "%r: u8[1, H * 3, W * 3, 4] quant(0.02, 128) = resize(%p) {size = [H * 3, W * 3], numerator = [3, 3]}\n";
  EXPECT_EQ(upsampled_convs(by_three + conv("H * 3, W * 3", "pad = [1, 1, 1, 1]")), 0);
  const std::string columns =
      "%r: u8[1, H, W * 2, 4] quant(0.02, 128) = resize(%p) {size = [H, W * 2], numerator = [1, 2]}\n";
  EXPECT_EQ(upsampled_convs(columns + conv("H, W * 2", "pad = [1, 1, 1, 1]")), 0);
}

}  // namespace
}  // namespace qatc::testing
