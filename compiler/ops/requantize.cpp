#include "ops/requantize.h"

#include <algorithm>
#include <cmath>

namespace qatc {

int32_t round_to_quantized(double value, int32_t zero_point, DType dtype) {
  const IntegerRange range = integer_range(dtype);
  if (std::isnan(value)) return zero_point;
  // nearbyint rounds half to even in the default rounding mode.
  const double rounded = std::nearbyint(std::clamp(value, -1e6, 1e6));
  return std::clamp(static_cast<int32_t>(rounded) + zero_point, range.min, range.max);
}

ConvRequantize conv_requantize(float scale_in, float scale_filter, float scale_out, double bias) {
  return {static_cast<double>(scale_in) * static_cast<double>(scale_filter) / static_cast<double>(scale_out),
          bias / static_cast<double>(scale_out)};
}

double apply(const ConvRequantize& requantize, int64_t accumulator, Rounding rounding) {
  if (rounding == Rounding::kExact) return static_cast<double>(accumulator) * requantize.multiplier + requantize.bias;
  const float product = static_cast<float>(accumulator) * static_cast<float>(requantize.multiplier);
  return product + static_cast<float>(requantize.bias);
}

Rounding conv_rounding(DType filter, Rounding rounding) { return filter == DType::kI32 ? Rounding::kExact : rounding; }

AddMultipliers add_multipliers(float scale1, float scale2, float scale_out) {
  const double out = scale_out;
  return {static_cast<float>(double{scale1} / out), static_cast<float>(double{scale2} / out)};
}

double quantized_add(int32_t d1, float scale1, int32_t d2, float scale2, float scale_out, Rounding rounding) {
  if (rounding == Rounding::kExact) return (d1 * double{scale1} + d2 * double{scale2}) / double{scale_out};
  const AddMultipliers multipliers = add_multipliers(scale1, scale2, scale_out);
  const float first = static_cast<float>(d1) * multipliers.first;
  const float second = static_cast<float>(d2) * multipliers.second;
  return first + second;
}

float mul_multiplier(float scale1, float scale2, float scale_out) {
  return static_cast<float>(double{scale1} * double{scale2} / double{scale_out});
}

double quantized_mul(int32_t d1, float scale1, int32_t d2, float scale2, float scale_out, Rounding rounding) {
  if (rounding == Rounding::kExact) return ((d1 * double{scale1}) * (d2 * double{scale2})) / double{scale_out};
  return static_cast<float>(d1 * d2) * mul_multiplier(scale1, scale2, scale_out);
}

double quantized_affine(int32_t d, double a, double b, Rounding rounding) {
  if (rounding == Rounding::kExact) return d * a + b;
  const float product = static_cast<float>(d) * static_cast<float>(a);
  return product + static_cast<float>(b);
}

double quantize_input(double x, float scale, Rounding rounding) {
  if (rounding == Rounding::kExact) return x / static_cast<double>(scale);
  return static_cast<float>(x) / scale;
}

}  // namespace qatc
