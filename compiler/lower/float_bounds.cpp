#include "lower/float_bounds.h"

#include "ops/requantize.h"

namespace qatc {

namespace {

using Halide::cast;
using Halide::Expr;
using Halide::strict_float;

constexpr float kUnit = 1.05F / 16777216;  // u and the 5 %
constexpr float kLargestValue = 256;

FloatBounds around(const Expr& x, const Expr& factor, const Expr& addend, const Expr& error) {
  return {x, factor, strict_float(addend - error), strict_float(addend + error)};
}

}  // namespace

FloatBounds conv_bounds(const Expr& accumulator, const Expr& multiplier, const Expr& bias) {
  const Expr addend = cast<float>(bias);
  const Expr error = strict_float(strict_float(Halide::abs(addend) * (5 * kUnit)) + 4 * kUnit * kLargestValue);
  return around(cast<float>(accumulator), cast<float>(multiplier), addend, error);
}

FloatBounds product_bounds(const Expr& product, const Expr& factor) {
  return around(cast<float>(product), cast<float>(factor), Expr(0.0F), Expr(3 * kUnit * kLargestValue));
}

FloatBounds sum_bounds(const Expr& difference1, const Expr& factor1, const Expr& difference2, const Expr& factor2) {
  const Expr first = cast<float>(factor1);
  const Expr second = cast<float>(factor2);
  const Expr error = strict_float(strict_float(first + second) * (4 * kUnit * kLargestDifference));
  return around(difference1, first, strict_float(difference2 * second), error);
}

}  // namespace qatc
