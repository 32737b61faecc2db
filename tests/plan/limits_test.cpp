#include "plan/limits.h"

#include <gtest/gtest.h>

#include <string>

#include "plan/plan_testing.h"
#include "support/error.h"

namespace qatc::testing {
namespace {

SizeLimits limits_with(const char* extra) {
  return plan_of(std::string(R"(graph 'limits'
input %x: f32[1, H, W, 1]
%q: u8[1, H, W, 1] quant(0.01, 0) = quantize(%x)
)") + extra)
      .limits;
}

TEST(Limits, ConvAndPoolWithoutPads) {
  const SizeLimits limits = limits_with(R"(
%p: u8[1, H / 4, W / 3, 1] quant(0.01, 0) = max_pool(%q) {kernel = [4, 3], stride = [4, 3]}
const %w: i8[1, 3, 2, 1] quant(0.01, 0) = {1, 2, 3, 4, 5, 6}
const %bias: f32[1] = {0}
%c: u8[1, H / 4 - 2, W / 3 - 1, 1] quant(0.01, 0) = conv2d(%p, %w, %bias)
%y: f32[1, H / 4 - 2, W / 3 - 1, 1] = dequantize(%c)
output %y
)");
  EXPECT_EQ(limits.min_height, 12);
  EXPECT_EQ(limits.min_width, 6);
  EXPECT_EQ(limits.max_height, kMaxImageSide);
}

TEST(Limits, NoTensorIsWiderThanARowsSumAllows) {
  // 16384 * 9 pixels would be above the limit.
  const SizeLimits limits = limits_with(R"(
%r: u8[1, H * 9, W * 9, 1] quant(0.01, 0) = resize(%q) {size = [H * 9, W * 9], numerator = [9, 9]}
%y: f32[1, H * 9, W * 9, 1] = dequantize(%r)
output %y
)");
  EXPECT_EQ(limits.max_width, kMaxTensorSide / 9);
}

TEST(Limits, OnePixelWhereNothingShrinks) {
  const SizeLimits limits = limits_with("%y: f32[1, H, W, 1] = dequantize(%q)\noutput %y\n");
  EXPECT_EQ(limits.min_height, 1);
  EXPECT_EQ(limits.min_width, 1);
}

TEST(Limits, NoFixedSizeIsLargerThanAnyOther) {
  try {
    plan_of(R"(graph 'fixed'
input %x: f32[1, H, 16385, 1]
%q: u8[1, H, 16385, 1] quant(0.01, 0) = quantize(%x)
%y: f32[1, H, 16385, 1] = dequantize(%q)
output %y
)");
    FAIL();
  } catch (const UserError& error) {
    EXPECT_STREQ(error.what(), "the image is 16385 pixels wide; the largest supported is 16384");
  }
}

TEST(Limits, FixedSize) {
  const SizeLimits limits = plan_of(R"(graph 'fixed'
input %x: f32[1, 5, W, 1]
%q: u8[1, 5, W, 1] quant(0.01, 0) = quantize(%x)
%y: f32[1, 5, W, 1] = dequantize(%q)
output %y
)")
                                .limits;
  EXPECT_EQ(limits.min_height, 5);
  EXPECT_EQ(limits.max_height, 5);
  EXPECT_EQ(limits.min_width, 1);
}

}  // namespace
}  // namespace qatc::testing
