#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "plan/plan.h"

namespace qatc {

// The caller's images: what their values are to the graph, and the kernels that read and write the usual layouts. Codes
// are 8-bit values less the minimum of their type, 0..255.

/// The code of every byte of an 8-bit input image; byte v stands for the real v / 255.
std::vector<uint8_t> input_codes(const Plan& plan);

/// What the graph makes of each code of the output tensor: dequantize, then elementwise ops.
std::vector<float> output_reals(const Plan& plan);
/// The same as bytes of an 8-bit output image: round_half_even(clamp(real, 0, 1) * 255).
std::vector<uint8_t> output_bytes(const Plan& plan);

/// min(max((code - zero_point) * scale, low), high) in float32.
struct OutputLine {
  float scale = 0, low = 0, high = 0;
  int32_t zero_point = 0;
};
/// The line that gives output_reals, bit by bit, if there is one.
std::optional<OutputLine> output_line(const Plan& plan);

/// A kernel that moves a row of pixels between an image and a stored tensor. What it does not take, the runtime does.
struct ImageKernel {
  enum class Layout : uint8_t {
    kInterleaved,  // pixels of `channels` values without a gap
    kPadded,       // with one value more a pixel, which is not the image's
    kPlanar,       // rows of values of one channel without a gap
  };
  bool stores = false;   // from tensor to image, else from image to tensor
  bool is_real = false;  // the image is of float, else of bytes
  Layout layout = Layout::kInterleaved;
  int64_t channels = 0;
  Rounding rounding = Rounding::kFloat;
};

/// Those of a plan, always in the same order; none for images of more than kChannelAlignment channels.
std::vector<ImageKernel> image_kernels(const Plan& plan);

}  // namespace qatc
