#pragma once

#include <Halide.h>

namespace qatc {

/// Floats around a double: x * factor + low and x * factor + high, with the products rounded or not. Exact rounding
/// needs the double itself only where these round to different integers (round_between in lower/intrinsics.h).
///
/// How far float arithmetic is off: each rounding adds at most u = 2^-24 of what is rounded.
///   value = acc * multiplier + bias: acc, multiplier, product and sum are rounded once, the bias itself and with what
///     is added for the error; 3u |acc * multiplier| + u |value| + 2u |bias| <= 4u |value| + 5u |bias|.
///   value = d1 * d2 * factor: the integers are floats, the others are rounded as above; 3u |value|.
///   value = d1 * factor1 + d2 * factor2: the factors, the products, one of them with what is added for the error, and
///     the sum are rounded; 4u * 255 (factor1 + factor2).
/// A value that is not saturated is below 256. One that is may be further off; but so little more, below 2^15, that its
/// bounds are saturated where they round to the same. The functions add 5 % for the doubles' own rounding and that of
/// the bounds.
struct FloatBounds {
  Halide::Expr x, factor, low, high;
};

/// Of `accumulator` (int32) * `multiplier` + `bias` (double).
FloatBounds conv_bounds(const Halide::Expr& accumulator, const Halide::Expr& multiplier, const Halide::Expr& bias);

/// Of `product` (int32, of two differences of bytes) * `factor` (double).
FloatBounds product_bounds(const Halide::Expr& product, const Halide::Expr& factor);

/// Of difference1 * factor1 + difference2 * factor2: differences of bytes as floats, positive doubles.
FloatBounds sum_bounds(const Halide::Expr& difference1, const Halide::Expr& factor1, const Halide::Expr& difference2,
                       const Halide::Expr& factor2);

}  // namespace qatc
