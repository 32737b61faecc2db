#include "frontend/shape_arithmetic.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "frontend/refusal.h"

namespace qatc {

namespace {

// No shape has that many dimensions; without a limit, a chain of Concats of a tensor with itself doubles at each node.
constexpr size_t kLongestVector = 64;

using Wide = __int128;
Wide magnitude(Wide x) { return x < 0 ? -x : x; }

/// The largest magnitude any intermediate result can have for images of up to `side` pixels a side; -1: not in int64.
Wide bound(const Extent& extent, int64_t side) {
  constexpr Wide kLimit = Wide{1} << 62;
  if (extent.is_constant()) return magnitude(extent.constant());
  Wide value = side;
  for (const Extent::Step& step : extent.steps()) {
    if (value > kLimit) return -1;
    value = value * magnitude(step.mul) + magnitude(step.add);
    if (value > kLimit) return -1;
    value = value / step.div + 1;
  }
  return value;
}

/// Not below zero for any image: the extent does not decrease with the image and starts at or above zero.
bool never_negative(const Extent& extent) {
  if (extent.is_constant()) return extent.constant() >= 0;
  return std::all_of(extent.steps().begin(), extent.steps().end(),
                     [](const Extent::Step& step) { return step.mul >= 0; }) &&
         extent.evaluate(1, 1) >= 0;
}

/// float32 computes these without rounding, so that a floor after it sees the exact value: integers up to 2^24 over a
/// power of two, for images of up to 2^16 pixels a side.
ShapeElement check_real(ShapeElement x) {
  if (!x.numerator.is_constant()) {
    const Wide largest = bound(x.numerator, int64_t{1} << 16);
    if (largest < 0 || largest > (Wide{1} << 24)) {
      throw Refusal("computes a size in float that float32 may round; use a size or a scale with few digits");
    }
  }
  return x;
}

ShapeElement reduced(Extent numerator, int64_t divisor) {
  while (divisor > 1 && numerator.is_constant() && numerator.constant() % 2 == 0) {
    numerator = Extent(numerator.constant() / 2);
    divisor /= 2;
  }
  return {std::move(numerator), divisor};
}

int64_t checked_product(int64_t a, int64_t b) {
  int64_t result = 0;
  if (__builtin_mul_overflow(a, b, &result) || magnitude(result) > (Wide{1} << 40)) {
    throw Refusal("computes a size from numbers that are too large");
  }
  return result;
}

/// A float as the fraction it is.
ShapeElement exact_fraction(double value) {
  constexpr int kMostBits = 40;
  if (!std::isfinite(value)) throw Refusal("reads a number that is not finite as a size or scale");
  int64_t divisor = 1;
  while (value != std::floor(value) && divisor < (int64_t{1} << kMostBits)) {
    value *= 2;  // exact
    divisor *= 2;
  }
  if (value != std::floor(value) || std::fabs(value) > static_cast<double>(int64_t{1} << kMostBits)) {
    throw Refusal("reads a number as a size or scale that is too small or too large for one");
  }
  return {Extent(static_cast<int64_t>(value)), divisor};
}

/// `x op c` for a constant `c`.
ShapeElement apply_constant(ShapeOperator op, const ShapeElement& x, const ShapeElement& c, bool is_real) {
  const int64_t number = checked_product(c.numerator.constant(), 1);
  switch (op) {
    case ShapeOperator::kAdd:
    case ShapeOperator::kSub: {
      const int64_t divisor = checked_product(x.divisor, c.divisor);
      const int64_t add = checked_product(op == ShapeOperator::kAdd ? number : -number, x.divisor);
      return reduced(checked_step(x.numerator, c.divisor, add, 1), divisor);
    }
    case ShapeOperator::kMul:
      return reduced(checked_step(x.numerator, number, 0, 1), checked_product(x.divisor, c.divisor));
    case ShapeOperator::kDiv:
      if (number <= 0) throw Refusal("divides a size by " + std::to_string(number));
      if (is_real) {
        if (!std::has_single_bit(static_cast<uint64_t>(number))) {
          throw Refusal("divides a size in float by a number that is no power of two, which float32 may round");
        }
        return reduced(checked_step(x.numerator, c.divisor, 0, 1), checked_product(x.divisor, number));
      }
      // ONNX truncates, Extent floors.
      if (!never_negative(x.numerator)) throw Refusal("divides a size that may be negative");
      return {checked_step(x.numerator, 1, 0, number), 1};
  }
  throw Refusal("is not supported on sizes");
}

ShapeElement apply_element(ShapeOperator op, const ShapeElement& a, const ShapeElement& b, bool is_real) {
  ShapeElement result;
  if (b.numerator.is_constant()) {
    result = apply_constant(op, a, b, is_real);
  } else if (a.numerator.is_constant() && op != ShapeOperator::kDiv) {
    // c - x = -x + c.
    result = op == ShapeOperator::kSub
                 ? apply_constant(ShapeOperator::kAdd, {checked_step(b.numerator, -1, 0, 1), b.divisor}, a, is_real)
                 : apply_constant(op, b, a, is_real);
  } else {
    throw Refusal("combines two sizes that depend on the image; only a constant operand is supported");
  }
  return is_real ? check_real(result) : result;
}

ShapeVector check_length(ShapeVector x) {
  if (x.elements.size() > kLongestVector) throw Refusal("computes more sizes than any shape has");
  return x;
}

}  // namespace

Extent checked_step(const Extent& extent, int64_t mul, int64_t add, int64_t div) {
  constexpr int64_t kLargest = int64_t{1} << 30;
  const auto small = [](int64_t x) { return x >= -kLargest && x <= kLargest; };
  const auto small_step = [&](const Extent::Step& step) {
    return small(step.mul) && small(step.add) && small(step.div);
  };
  const bool safe = small_step({mul, add, div}) &&
                    (!extent.is_constant() || magnitude(extent.constant()) <= (Wide{1} << 31)) &&
                    std::all_of(extent.steps().begin(), extent.steps().end(), small_step);
  if (safe) {
    Extent result = extent.step(mul, add, div);
    const Wide largest = bound(result, int64_t{1} << 20);
    if (largest >= 0 && largest <= (Wide{1} << 40)) return result;
  }
  throw Refusal("computes a size from numbers that are too large");
}

bool ShapeVector::is_constant() const {
  return std::all_of(elements.begin(), elements.end(), [](const ShapeElement& x) { return x.numerator.is_constant(); });
}

ShapeVector shape_of(const std::vector<Extent>& extents) {
  ShapeVector result;
  for (const Extent& extent : extents) result.elements.push_back({extent, 1});
  return result;
}

ShapeVector shape_from_constant(const OnnxTensor& tensor) {
  if (tensor.dims.size() > 1 || tensor.size() > kLongestVector) {
    throw Refusal("reads a constant tensor as sizes that is no scalar and no short vector");
  }
  ShapeVector result{{}, tensor.dims.empty(), tensor.is_real()};
  for (double value : tensor.real) result.elements.push_back(exact_fraction(value));
  for (int64_t value : tensor.integers) result.elements.push_back({Extent(value), 1});
  return result;
}

ShapeVector apply(ShapeOperator op, const ShapeVector& a, const ShapeVector& b) {
  const size_t length = std::max(a.elements.size(), b.elements.size());
  const auto fits = [&](const ShapeVector& x) { return x.elements.size() == length || x.elements.size() == 1; };
  if (!fits(a) || !fits(b)) throw Refusal("combines vectors of different lengths");
  if (a.is_real != b.is_real) throw Refusal("combines an integer with a float");
  ShapeVector result{{}, a.is_scalar && b.is_scalar, a.is_real};
  for (size_t i = 0; i < length; ++i) {
    result.elements.push_back(apply_element(op, a.elements[a.elements.size() == 1 ? 0 : i],
                                            b.elements[b.elements.size() == 1 ? 0 : i], a.is_real));
  }
  return result;
}

ShapeVector round(ShapeRounding rounding, const ShapeVector& x) {
  ShapeVector result = x;
  for (ShapeElement& element : result.elements) {
    const int64_t add = rounding == ShapeRounding::kCeil ? element.divisor - 1 : 0;
    element = {checked_step(element.numerator, 1, add, element.divisor), 1};
  }
  return result;
}

ShapeVector cast_to_integer(const ShapeVector& x) {
  if (!x.is_real) return x;
  // ONNX truncates, Extent floors.
  for (const ShapeElement& element : x.elements) {
    if (element.divisor != 1 && !never_negative(element.numerator)) {
      throw Refusal("casts a size that may be negative");
    }
  }
  ShapeVector result = round(ShapeRounding::kFloor, x);
  result.is_real = false;
  return result;
}

ShapeVector cast_to_real(const ShapeVector& x) {
  ShapeVector result = x;
  result.is_real = true;
  for (const ShapeElement& element : result.elements) check_real(element);
  return result;
}

ShapeVector concatenate(const std::vector<ShapeVector>& parts) {
  ShapeVector result;
  if (!parts.empty()) result.is_real = parts.front().is_real;
  for (const ShapeVector& part : parts) {
    if (part.is_scalar) throw Refusal("concatenates a scalar; it must be a vector");
    if (part.is_real != result.is_real) throw Refusal("combines an integer with a float");
    result.elements.insert(result.elements.end(), part.elements.begin(), part.elements.end());
    result = check_length(std::move(result));
  }
  return result;
}

ShapeVector gather(const ShapeVector& data, const ShapeVector& indices) {
  if (data.is_scalar) throw Refusal("gathers from a scalar");
  ShapeVector result{{}, indices.is_scalar, data.is_real};
  const auto length = static_cast<int64_t>(data.elements.size());
  for (int64_t i : constant_integers(indices, "the indices")) {
    if (i < -length || i >= length) {
      throw Refusal("index " + std::to_string(i) + " is outside a vector of " + std::to_string(length));
    }
    result.elements.push_back(data.elements[static_cast<size_t>(i < 0 ? i + length : i)]);
  }
  return result;
}

ShapeVector slice(const ShapeVector& data, int64_t start, int64_t end, int64_t step) {
  if (data.is_scalar) throw Refusal("slices a scalar");
  if (step <= 0) throw Refusal("slices with step " + std::to_string(step) + "; only positive steps are supported");
  const auto length = static_cast<int64_t>(data.elements.size());
  // Ends may be INT64_MIN or INT64_MAX, which mean "all".
  const auto clamped = [&](int64_t i) { return std::clamp<int64_t>(i < 0 ? i + length : i, 0, length); };
  ShapeVector result{{}, false, data.is_real};
  step = std::min(step, length + 1);
  for (int64_t i = clamped(start); i < clamped(end); i += step) {
    result.elements.push_back(data.elements[static_cast<size_t>(i)]);
  }
  return result;
}

std::vector<int64_t> constant_integers(const ShapeVector& x, const char* role) {
  if (x.is_real || !x.is_constant()) throw Refusal(std::string(role) + " must be constant integers");
  std::vector<int64_t> result;
  for (const ShapeElement& element : x.elements) result.push_back(element.numerator.constant());
  return result;
}

std::vector<Extent> integer_extents(const ShapeVector& x, const char* role) {
  if (x.is_real) throw Refusal(std::string(role) + " must be integers");
  std::vector<Extent> result;
  for (const ShapeElement& element : x.elements) result.push_back(element.numerator);
  return result;
}

}  // namespace qatc
