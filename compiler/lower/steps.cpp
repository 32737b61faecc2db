#include "lower/steps.h"

#include <algorithm>
#include <functional>
#include <set>

#include "lower/intrinsics.h"
#include "schedules/conv_layout.h"
#include "schedules/exact_rounding.h"
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
      if ((runs_across_pixels || pixel_lanes_) && has_channel_arguments(step))
        store_step(index, pixel_lanes_ || !has_digits(step));
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
    const Expr c = channel(conv);
    if (conv.digits == 1) {
      sum = real(at_pixel(accumulator, c), is_double);
    } else {
      sum = sum_of_digits(accumulator, conv);
      if (!is_double) sum = cast<float>(sum);
    }
    const Expr multiplier = image(Kind::kMultiplier, step.conv)(c);
    const Expr bias = image(Kind::kBias, step.conv)(c);
    const Expr value = strict_float(strict_float(sum * multiplier) + bias);
    return round(step, index, value, [&] { return conv_bounds(at_pixel(accumulator, c), multiplier, bias); });
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
    const KernelInput in = params_.input(step.input);
    const Expr in_x = Halide::unsafe_promise_clamped(image(Kind::kXMap, index)(x_), 0, width(step.input) - 1);
    const Expr in_y = Halide::unsafe_promise_clamped(image(Kind::kYMap, index)(y_), 0, in.height() - 1);
    return pixel(step.input, in_x, in_y);
  }

  Expr max_pool(const KernelStep& step) {
    const KernelInput in = params_.input(step.input);
    Expr best;
    for (int64_t ky = 0; ky < step.kernel[0]; ++ky) {
      for (int64_t kx = 0; kx < step.kernel[1]; ++kx) {
        Expr in_x = x_ * static_cast<int>(step.stride[1]) + static_cast<int>(kx - step.pad[1]);
        Expr in_y = y_ * static_cast<int>(step.stride[0]) + static_cast<int>(ky - step.pad[0]);
        if (step.clamp_to_edge) {
          in_x = Halide::clamp(in_x, 0, width(step.input) - 1);
          in_y = Halide::clamp(in_y, 0, in.height() - 1);
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
    const Expr scale1 = scalar(Kind::kScaleA, index);
    const Expr scale2 = scalar(Kind::kScaleB, index);
    const Expr first = strict_float(real_difference(step.a, Kind::kZeroPointA, index, exact()) * scale1);
    const Expr second = strict_float(real_difference(step.b, Kind::kZeroPointB, index, exact()) * scale2);
    Expr sum = strict_float(first + second);
    if (exact()) sum = quotient(sum, scalar(Kind::kScaleOut, index), isa_);
    return round(step, index, sum, [&] {
      const Expr scale_out = scalar(Kind::kScaleOut, index);
      return sum_bounds(real_difference(step.a, Kind::kZeroPointA, index, false), scale1 / scale_out,
                        real_difference(step.b, Kind::kZeroPointB, index, false), scale2 / scale_out);
    });
  }

  Expr mul(const KernelStep& step, int index) {
    const Expr d1 = difference(step.a, Kind::kZeroPointA, index);
    const Expr d2 = difference(step.b, Kind::kZeroPointB, index);
    const Expr product = cast<int32_t>(d1) * cast<int32_t>(d2);
    if (!exact()) {
      return round(step, index, strict_float(real(product, false) * scalar(Kind::kScaleA, index)), nullptr);
    }
    const Expr scale1 = scalar(Kind::kScaleA, index);
    const Expr scale2 = scalar(Kind::kScaleB, index);
    const Expr scale_out = scalar(Kind::kScaleOut, index);
    const Expr first = strict_float(real_difference(step.a, Kind::kZeroPointA, index, true) * scale1);
    const Expr second = strict_float(real_difference(step.b, Kind::kZeroPointB, index, true) * scale2);
    const Expr value = strict_float(first * second);
    return round(step, index, quotient(value, scale_out, isa_),
                 [&] { return product_bounds(product, scale1 * scale2 / scale_out); });
  }

  Expr affine(const KernelStep& step, int index) {
    const Expr d = real_difference(step.a, Kind::kZeroPointA, index, exact());
    const Expr product = strict_float(d * image(Kind::kAffineA, index)(c_));
    const Expr sum = strict_float(product + image(Kind::kAffineB, index)(c_));
    return round_to_storage(sum, scalar(Kind::kZeroPointOut, index), true, isa_);
  }

  /// The step's byte. `bounds` makes those of `value`; it is called where they are used.
  Expr round(const KernelStep& step, int index, const Expr& value, const std::function<FloatBounds()>& bounds) const {
    const Expr zero_point = scalar(Kind::kZeroPointOut, index);
    // Vectors that run along pixels are interleaved to bytes, and their branches become choices: both sides are computed.
    const bool branches = !(pixel_lanes_ && has_channel_arguments(step));
    if (branches && rounds_between(spec_, step, isa_)) return round_between(bounds(), value, zero_point, isa_);
    return round_to_storage(value, zero_point, step.clamp, isa_);
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
    return params_.input(input)(x * channels(input) + c_, y);
  }
  int channels(int input) const { return static_cast<int>(spec_.inputs[static_cast<size_t>(input)]); }
  Expr width(int input) const { return params_.input(input).width(channels(input)); }
  bool exact() const { return spec_.rounding == Rounding::kExact; }
  Expr value(int step) const { return values_[static_cast<size_t>(step)]; }
  /// q - zero_point in int16: both are stored bytes, so it fits.
  Expr difference(int step, Kind zero_point, int index) const {
    return cast<int16_t>(value(step)) - cast<int16_t>(scalar(zero_point, index));
  }
  /// The same as a real number: exact in every order of conversion and subtraction. x86 widens bytes to 32 bits at
  /// once. ARM64's doubles come from floats: LLVM 14 converts 16-bit lanes to doubles one by one.
  Expr real_difference(int step, Kind zero_point, int index, bool is_double) const {
    if (is_arm(isa_) && !is_double) return real(difference(step, zero_point, index), false);
    const bool of_doubles = is_double && !is_arm(isa_);
    const Expr d = strict_float(real(value(step), of_doubles) - real(scalar(zero_point, index), of_doubles));
    return is_double && !of_doubles ? cast<double>(d) : d;
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
