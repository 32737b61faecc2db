#pragma once

#include <cstdint>

#include "ir/type.h"
#include "ops/op.h"

namespace qatc {

// The rounding formulas, once. The evaluator calls them; generated code computes the same expressions; nothing else
// rounds. Everything here is compiled with -ffp-contract=off: each operator is one IEEE operation.

/// saturate(round_half_even(value) + zero_point) to the range of `dtype`; NaN gives zero_point. Source: ONNX
/// QuantizeLinear.
int32_t round_to_quantized(double value, int32_t zero_point, DType dtype);

/// The largest |q - zero_point| of 8-bit values.
inline constexpr int64_t kLargestDifference = 255;

/// Conv2d: output step = accumulator * multiplier + bias.
struct ConvRequantize {
  double multiplier;  // scale_in * scale_filter[c] / scale_out
  double bias;        // bias[c] / scale_out
};
ConvRequantize conv_requantize(float scale_in, float scale_filter, float scale_out, double bias);
/// kFloat: float(float(acc) * float(multiplier)) + float(bias), each operation in float32.
/// kExact: acc * multiplier + bias in double.
double apply(const ConvRequantize& requantize, int64_t accumulator, Rounding rounding);

/// A filter that the graph left in float (kI32, fixed point) is requantized in double in both modes.
Rounding conv_rounding(DType filter, Rounding rounding);

/// Add: kFloat: float(float(d1) * first) + float(float(d2) * second) with d = q - zero_point and the multipliers below;
/// kExact: (d1 * scale1 + d2 * scale2) / scale_out in double.
struct AddMultipliers {
  float first, second;  // float(scale / scale_out)
};
AddMultipliers add_multipliers(float scale1, float scale2, float scale_out);
double quantized_add(int32_t d1, float scale1, int32_t d2, float scale2, float scale_out, Rounding rounding);

/// Mul: kFloat: float(d1 * d2) * mul_multiplier; kExact: ((d1 * scale1) * (d2 * scale2)) / scale_out.
/// mul_multiplier: float(scale1 * scale2 / scale_out).
float mul_multiplier(float scale1, float scale2, float scale_out);
double quantized_mul(int32_t d1, float scale1, int32_t d2, float scale2, float scale_out, Rounding rounding);

/// InstanceNorm with coefficients from the statistics: kFloat: float(float(d) * float(a)) + float(b);
/// kExact: d * a + b.
double quantized_affine(int32_t d, double a, double b, Rounding rounding);

/// QuantizeLinear of a real value: kFloat: float(x) / scale in float32; kExact: x / scale in double.
double quantize_input(double x, float scale, Rounding rounding);

}  // namespace qatc
