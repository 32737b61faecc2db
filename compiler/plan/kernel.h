#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "ops/op.h"

namespace qatc {

// A kernel is one emitted function: what it computes for every pixel of its outputs, without sizes, weights or scales,
// which are arguments (kernel_argument.h). Two places of a network with equal specs share one function.
//
// Tensors are stored as NHWC bytes, channels padded to a multiple of kChannelAlignment. The stored byte is q -
// min(dtype) on x86-64 (unsigned) and that value minus 128 on ARM64 (signed): the pairing each dot product instruction
// wants.

inline constexpr int64_t kChannelAlignment = 4;
inline int64_t storage_channels(int64_t channels) {
  return (channels + kChannelAlignment - 1) / kChannelAlignment * kChannelAlignment;
}

/// Filters whose values do not fit int8 (given in float by the graph) are split into balanced base-256 digits, one
/// group of accumulator lanes per digit.
inline constexpr int kFixedPointDigits = 4;

/// Balanced base-256 digits, least significant first: value = sum of digit[i] * 256^i with digits in [-128, 127].
std::vector<int32_t> balanced_digits(int64_t value, int count);

/// A convolution accumulated in int32: sum over inputs, taps and channels, plus a per-lane correction that folds the
/// input's zero point. The lanes are the channels or, with digits, see digit_stride in schedules/conv_layout.h.
struct KernelConv {
  std::vector<int> inputs;  // indices into KernelSpec::inputs
  std::array<int64_t, 2> kernel{1, 1}, stride{1, 1}, dilation{1, 1};
  std::array<int64_t, 2> pad{};  // top, left
  int digits = 1;
  int64_t filters = 0;  // the first channels, which have filters; the others are padding
  /// The conv is of its input upsampled by 2 (nearest): pixel (y, x) is the input's (y / 2, x / 2). 3x3 around each
  /// pixel.
  bool upsampled = false;
  /// With digits: for any 8-bit inputs, int32 holds the sum of digit 0 + 256 * digit 1, and of digits 2 and 3 alike.
  bool digit_pairs = false;
  bool exact = false;  // requantized in double in both rounding modes
  /// Some filter values (or digits) of channels c and c + 2, both in one aligned group of four, are both -128. Without
  /// that, the sum of their two products is in int16's range for any 8-bit inputs.
  bool extreme_pairs = false;
  friend bool operator==(const KernelConv&, const KernelConv&) = default;
};

/// What the 16-bit form of a rounded value can hold (round_to_storage in lower/intrinsics.h).
inline constexpr double kInt16Range = 32767.0;

/// One 8-bit value per output channel and pixel; steps are numbered, later ones read earlier ones.
struct KernelStep {
  enum class Kind : uint8_t {
    kRequantize,  // of convs[conv]
    kLoad,        // inputs[input] at the same pixel
    kResizeLoad,  // inputs[input] at (y_map[y], x_map[x])
    kMaxPool,     // over a window of inputs[input]; outside pixels are clamped to the edge, which the window holds
    kLookup,      // table[a]
    kAdd,         // quantized a + b
    kMul,         // quantized a * b
    kAffine,      // quantized (a - zero_point) * A[c] + B[c]: instance norm with its coefficients as arguments
  };
  Kind kind;
  int conv = -1, input = -1, a = -1, b = -1;
  /// For some inputs the value may be beyond int16's range. It is clamped before it is rounded then, since rounding gives
  /// 16 bits, which are saturated to 8. Where this is not set, the multipliers that make the value fit float, too: exact
  /// rounding may take floats around the value (lower/float_bounds.h).
  bool clamp = false;
  std::array<int64_t, 2> kernel{1, 1}, stride{1, 1}, pad{};  // kMaxPool; pad: top, left
  bool clamp_to_edge = false;                                // kMaxPool: its window may leave the image
  friend bool operator==(const KernelStep&, const KernelStep&) = default;
};

/// What is taken off every q (0..255) that is summed, so that sums of squares stay small (lower/channel_sums.h).
inline constexpr int32_t kTakenOffSummed = 128;

struct KernelSpec {
  std::vector<int64_t> inputs;  // storage channels of each input tensor
  std::vector<KernelConv> convs;
  std::vector<KernelStep> steps;
  std::vector<int> outputs;      // steps that are stored
  int64_t out_channels = 0;      // written to every output: storage channels, or fewer when writing a slice
  int64_t out_pixel_stride = 0;  // bytes between output pixels; > out_channels when writing a slice
  /// For every row, the sum and the sum of squares of each channel (int32) are stored too: of outputs[summed] or, by a
  /// kernel without outputs, of inputs[summed]. -1: none are.
  int summed = -1;
  /// The kernel first loads rows of inputs[0], its only one, from the caller's 8-bit image, which has so many channels; 0:
  /// its inputs are there. It stores what it loads, since later calls read some of it again.
  int64_t image_channels = 0;
  Rounding rounding = Rounding::kFloat;
  friend bool operator==(const KernelSpec&, const KernelSpec&) = default;
};

/// The bytes of one row that a conv reads of an input for one output pixel: `count` runs of `length` adjacent bytes.
/// All taps of a row are one run, unless they are dilated or the conv is upsampled. The filter lies the same way: kx is
/// outside of ci.
struct ConvRuns {
  int64_t length, count;
};
ConvRuns conv_runs(const KernelSpec& spec, const KernelConv& conv, int input);

/// Equal text exactly for equal specs; short enough for comments, e.g. in the manifest. Also the key of
/// schedules/tuned/*.txt: a change of the text orphans the tables' entries.
std::string signature(const KernelSpec& spec);

/// Whether it stores nothing but sums.
bool is_channel_sums(const KernelSpec& spec);
/// The same kernel without what it does to rows before its tiles read them and after it stored them: the spec whose
/// schedule it gets.
KernelSpec tiles_of(const KernelSpec& spec);

/// Whether it has steps that read other pixels than those at their own place.
bool moves_pixels(const KernelSpec& spec);

/// Whether the requantization of this conv is done in double.
bool in_double(const KernelSpec& spec, const KernelConv& conv);

}  // namespace qatc
