#include "lower/steps.h"

#include <algorithm>
#include <set>

#include "lower/intrinsics.h"
#include "support/error.h"

namespace qatc {

namespace {

using Halide::cast;
using Halide::Expr;
using Halide::Func;
using Halide::ImageParam;
using Halide::strict_float;
using Halide::Var;
using Kind = KernelArgument::Kind;

// How far floats may be from the doubles that they stand for (schedules/kernel_schedule.h, rounds_between), with a
// reserve of 5 % for what is second to that.
constexpr float kUnit = 1.0F / 16777216;  // a float's rounding, relatively
// acc * multiplier + bias: both factors, the product, the sum and, twice, the bias are rounded. As a product is at most
// the value and the bias together, that is four units of the value, which is below 256 unless it is saturated, ...
constexpr float kErrorOfValue = 1.05F * 4 * 256 * kUnit;
// ... and five of the bias.
constexpr float kErrorOfBias = 1.05F * 5 * kUnit;
// Sums of two products with a difference of bytes: the factors, the products, one of them once more, and the sum.
constexpr float kErrorOfFactors = 1.05F * 4 * 255 * kUnit;

class StepLowering {
 public:
  StepLowering(const KernelSpec& spec, Isa isa, const KernelParams& params, const std::vector<Func>& accumulators,
               const Site& site)
      : spec_(spec),
        isa_(isa),
        params_(params),
        accumulators_(accumulators),
        c_(site.c),
        x_(site.x),
        y_(site.y),
        pixel_(site.pixel),
        pixel_lanes_(site.pixel_lanes) {}

  LoweredSteps run() {
    const bool runs_across_pixels = std::any_of(spec_.steps.begin(), spec_.steps.end(), [](const KernelStep& step) {
      return !has_channel_arguments(step) && step.kind != KernelStep::Kind::kLoad;
    });
    for (size_t i = 0; i < spec_.steps.size(); ++i) {
      const KernelStep& step = spec_.steps[i];
      const auto index = static_cast<int>(i);
      values_.push_back(lower(step, index));
      if (runs_across_pixels && has_channel_arguments(step)) store_step(index, pixel_lanes_ || !has_digits(step));
    }
    return {values_, tile_steps_};
  }

 private:
  Expr lower(const KernelStep& step, int index) {
    switch (step.kind) {
      case KernelStep::Kind::kRequantize:
        return requantize(step, index);
      case KernelStep::Kind::kLoad:
        return pixel(step.input, x_, y_);
      case KernelStep::Kind::kResizeLoad:
        return resize_load(step, index);
      case KernelStep::Kind::kMaxPool:
        return max_pool(step);
      case KernelStep::Kind::kLookup:
        return lookup(codes(step.a), scalar(Kind::kTable, index));
      case KernelStep::Kind::kAdd:
        return add(step, index);
      case KernelStep::Kind::kMul:
        return mul(step, index);
      case KernelStep::Kind::kAffine:
        return affine(step, index);
    }
    QATC_CHECK(false, "unknown kernel step");
  }

  Expr requantize(const KernelStep& step, int index) {
    const KernelConv& conv = spec_.convs[static_cast<size_t>(step.conv)];
    const Func& accumulator = accumulators_[static_cast<size_t>(step.conv)];
    const bool is_double = in_double(spec_, conv);
    Expr sum;
    if (conv.digits == 1) {
      sum = real(at_pixel(accumulator, c_), is_double);
    } else {
      sum = sum_of_digits(accumulator, conv);
      if (!is_double) sum = cast<float>(sum);
    }
    const Expr c = channel(conv);
    const Expr product = strict_float(sum * image(Kind::kMultiplier, step.conv)(c));
    const Expr value = strict_float(product + image(Kind::kBias, step.conv)(c));
    if (rounds_between(spec_, step, isa_)) {
      const Expr factor = cast<float>(image(Kind::kMultiplier, step.conv)(c));
      const Expr bias = cast<float>(image(Kind::kBias, step.conv)(c));
      const Expr error = strict_float(strict_float(Halide::abs(bias) * kErrorOfBias) + kErrorOfValue);
      const FloatBounds bounds{real(at_pixel(accumulator, c_), false), factor, strict_float(bias - error),
                               strict_float(bias + error)};
      return round_between(bounds, value, scalar(Kind::kZeroPointOut, index));
    }
    return round_to_storage(value, scalar(Kind::kZeroPointOut, index), step.clamp, isa_);
  }

  /// sum of digit d * 256^d as a double. It stays below 2^53 (passes/check_accumulators.h), so that everything here is
  /// exact, in integers or not, with one rounding for a product and sum or two.
  Expr sum_of_digits(const Func& accumulator, const KernelConv& conv) {
    QATC_CHECK(conv.digits == 4, "digits come in fours");
    const auto channels = static_cast<int>(spec_.out_channels);
    const auto stride = static_cast<int>(digit_stride(spec_, conv, isa_));
    const auto lanes = static_cast<int>(conv_lanes(spec_, conv, isa_));
    const auto digit = [&](const Func& func, int d) {
      // What padding computes is no matter, but it must be of this tile.
      const bool beyond = stride * d + channels > lanes;
      const Expr lane = channel(conv) + stride * d;
      return at_pixel(func, beyond ? Halide::min(lane, lanes - 1) : lane);
    };
    // Only the digits' lanes are bound to a pixel: what follows may run across pixels.
    const auto name = [&] { return "digits" + std::to_string(tile_steps_.size()); };
    // Digits d and d + 1.
    const auto pair = [&](int d, const Halide::Type& type) -> Expr {
      const Expr low = digit(accumulator, d);
      const Expr high = digit(accumulator, d + 1);
      if (conv.digit_pairs) return cast(type, low + high * 256);
      return cast(type, low) + cast(type, high) * Halide::Internal::make_const(type, 256);
    };
    if (pixel_lanes_) {
      const Expr sum = pair(0, Halide::Float(64)) + pair(2, Halide::Float(64)) * Expr(65536.0);
      return at_pixel(store_for_tile(name(), sum, true, 1), c_);
    }
    if (is_arm(isa_)) {
      const Expr sum = pair(0, Halide::Int(64)) + (pair(2, Halide::Int(64)) << 16);
      return at_pixel(store_for_tile(name(), cast<double>(sum), true, 1), c_);
    }
    // Halves are added lane by lane: digits 2 and 3 to 0 and 1, then 1 to 0.
    const auto real_digit = [&](const Func& func, int d) { return cast<double>(digit(func, d)); };
    const Expr halves = real_digit(accumulator, 0) + real_digit(accumulator, 2) * Expr(65536.0);
    const Func pairs = store_for_tile(name(), halves, true, 2);
    const Expr sum = digit(pairs, 0) + digit(pairs, 1) * Expr(256.0);
    return at_pixel(store_for_tile(name(), sum, true, 1), c_);
  }

  /// The maps hold valid pixels only, which the driver guarantees (qatc_resize_map).
  Expr resize_load(const KernelStep& step, int index) {
    const ImageParam in = image(Kind::kInput, step.input);
    const Expr in_x = Halide::unsafe_promise_clamped(image(Kind::kXMap, index)(x_), 0, width(step.input) - 1);
    const Expr in_y = Halide::unsafe_promise_clamped(image(Kind::kYMap, index)(y_), 0, in.dim(1).extent() - 1);
    return pixel(step.input, in_x, in_y);
  }

  Expr max_pool(const KernelStep& step) {
    const ImageParam in = image(Kind::kInput, step.input);
    Expr best;
    for (int64_t ky = 0; ky < step.kernel[0]; ++ky) {
      for (int64_t kx = 0; kx < step.kernel[1]; ++kx) {
        Expr in_x = x_ * static_cast<int>(step.stride[1]) + static_cast<int>(kx - step.pad[1]);
        Expr in_y = y_ * static_cast<int>(step.stride[0]) + static_cast<int>(ky - step.pad[0]);
        if (step.clamp_to_edge) {
          in_x = Halide::clamp(in_x, 0, width(step.input) - 1);
          in_y = Halide::clamp(in_y, 0, in.dim(1).extent() - 1);
        }
        const Expr tap = pixel(step.input, in_x, in_y);
        best = best.defined() ? Halide::max(best, tap) : tap;
      }
    }
    return best;
  }

  static bool has_channel_arguments(const KernelStep& step) {
    return step.kind == KernelStep::Kind::kRequantize || step.kind == KernelStep::Kind::kAffine;
  }

  bool has_digits(const KernelStep& step) const {
    return step.kind == KernelStep::Kind::kRequantize && spec_.convs[static_cast<size_t>(step.conv)].digits > 1;
  }

  Func store_for_tile(const std::string& name, const Expr& value, bool by_channel, int groups) {
    Func func(name);
    std::vector<Var> arguments{c_};
    arguments.insert(arguments.end(), pixel_.begin(), pixel_.end());
    func(arguments) = value;
    tile_steps_.push_back({func, by_channel, groups});
    return func;
  }

  void store_step(int step, bool by_channel) {
    const Func func = store_for_tile("step" + std::to_string(step), value(step), by_channel, 1);
    values_[static_cast<size_t>(step)] = at_pixel(func, c_);
    stored_.insert(step);
  }

  /// A step's value, once per tile when it is arithmetic that lookups wait for.
  Expr codes(int step) {
    const bool is_load = spec_.steps[static_cast<size_t>(step)].kind == KernelStep::Kind::kLoad;
    if (!is_load && stored_.find(step) == stored_.end()) store_step(step, false);
    return value(step);
  }

  Expr lookup(const Expr& index, const Expr& table) {
    const Expr byte = qatc::lookup(Halide::reinterpret(Halide::UInt(8), index), table);
    return Halide::reinterpret(storage_type(isa_), byte);
  }

  Expr add(const KernelStep& step, int index) {
    const Expr d1 = real_difference(step.a, Kind::kZeroPointA, index);
    const Expr d2 = real_difference(step.b, Kind::kZeroPointB, index);
    const Expr first = strict_float(d1 * scalar(Kind::kScaleA, index));
    const Expr second = strict_float(d2 * scalar(Kind::kScaleB, index));
    Expr sum = strict_float(first + second);
    if (exact()) sum = quotient(sum, scalar(Kind::kScaleOut, index), isa_);
    if (rounds_between(spec_, step, isa_)) {
      const Expr factor1 = cast<float>(scalar(Kind::kScaleA, index) / scalar(Kind::kScaleOut, index));
      const Expr factor2 = cast<float>(scalar(Kind::kScaleB, index) / scalar(Kind::kScaleOut, index));
      const Expr error = strict_float(strict_float(factor1 + factor2) * kErrorOfFactors);
      const Expr product2 = strict_float(real(difference(step.b, Kind::kZeroPointB, index), false) * factor2);
      const FloatBounds bounds{real(difference(step.a, Kind::kZeroPointA, index), false), factor1,
                               strict_float(product2 - error), strict_float(product2 + error)};
      return round_between(bounds, sum, scalar(Kind::kZeroPointOut, index));
    }
    return round_to_storage(sum, scalar(Kind::kZeroPointOut, index), step.clamp, isa_);
  }

  Expr mul(const KernelStep& step, int index) {
    const Expr d1 = difference(step.a, Kind::kZeroPointA, index);
    const Expr d2 = difference(step.b, Kind::kZeroPointB, index);
    const Expr exact_product = cast<int32_t>(d1) * cast<int32_t>(d2);
    Expr product;
    if (exact()) {
      const Expr first = strict_float(real(d1, true) * scalar(Kind::kScaleA, index));
      const Expr second = strict_float(real(d2, true) * scalar(Kind::kScaleB, index));
      product = quotient(strict_float(first * second), scalar(Kind::kScaleOut, index), isa_);
    } else {
      product = strict_float(real(exact_product, false) * scalar(Kind::kScaleA, index));
    }
    if (rounds_between(spec_, step, isa_)) {
      const Expr factor =
          cast<float>(scalar(Kind::kScaleA, index) * scalar(Kind::kScaleB, index) / scalar(Kind::kScaleOut, index));
      return round_between({real(exact_product, false), factor, Expr(-kErrorOfValue), Expr(kErrorOfValue)}, product,
                           scalar(Kind::kZeroPointOut, index));
    }
    return round_to_storage(product, scalar(Kind::kZeroPointOut, index), step.clamp, isa_);
  }

  Expr affine(const KernelStep& step, int index) {
    const Expr d = real_difference(step.a, Kind::kZeroPointA, index);
    const Expr product = strict_float(d * image(Kind::kAffineA, index)(c_));
    const Expr sum = strict_float(product + image(Kind::kAffineB, index)(c_));
    return round_to_storage(sum, scalar(Kind::kZeroPointOut, index), true, isa_);
  }

  /// The channel whose sum a conv's channel `c` requantizes. Where vectors run along pixels, padding repeats the last
  /// one that has a filter, and costs nothing.
  Expr channel(const KernelConv& conv) const {
    return pixel_lanes_ ? Halide::min(c_, static_cast<int>(conv.filters) - 1) : Expr(c_);
  }
  Expr at_pixel(const Func& func, const Expr& channel) const {
    std::vector<Expr> arguments{channel};
    arguments.insert(arguments.end(), pixel_.begin(), pixel_.end());
    return func(arguments);
  }
  /// Channel c of a pixel: rows are seen as bytes (lower/buffer.h).
  Expr pixel(int input, const Expr& x, const Expr& y) const {
    return image(Kind::kInput, input)(x * channels(input) + c_, y);
  }
  int channels(int input) const { return static_cast<int>(spec_.inputs[static_cast<size_t>(input)]); }
  Expr width(int input) const { return image(Kind::kInput, input).dim(0).extent() / channels(input); }
  bool exact() const { return spec_.rounding == Rounding::kExact; }
  Expr value(int step) const { return values_[static_cast<size_t>(step)]; }
  /// q - zero_point in int16: both are stored bytes, so it fits.
  Expr difference(int step, Kind zero_point, int index) const {
    return cast<int16_t>(value(step)) - cast<int16_t>(scalar(zero_point, index));
  }
  /// The same as a real number: exact in every order of conversion and subtraction. x86 widens bytes to 32 bits at
  /// once.
  Expr real_difference(int step, Kind zero_point, int index) const {
    if (is_arm(isa_)) return real(difference(step, zero_point, index), exact());
    return strict_float(real(value(step), exact()) - real(scalar(zero_point, index), exact()));
  }
  static Expr real(const Expr& integer, bool is_double) {
    const Expr wide = cast<int32_t>(integer);
    return is_double ? cast<double>(wide) : cast<float>(wide);
  }
  ImageParam image(Kind kind, int index) const { return params_.image({kind, index}); }
  Expr scalar(Kind kind, int index) const { return params_.scalar({kind, index}); }

  const KernelSpec& spec_;
  Isa isa_;
  const KernelParams& params_;
  const std::vector<Func>& accumulators_;
  const Var& c_;
  const Expr& x_;
  const Var& y_;
  const std::vector<Var>& pixel_;
  bool pixel_lanes_;
  std::vector<Expr> values_;
  std::vector<TileStep> tile_steps_;
  std::set<int> stored_;
};

}  // namespace

LoweredSteps lower_steps(const KernelSpec& spec, Isa isa, const KernelParams& params,
                         const std::vector<Func>& accumulators, const Site& site) {
  return StepLowering(spec, isa, params, accumulators, site).run();
}

}  // namespace qatc
