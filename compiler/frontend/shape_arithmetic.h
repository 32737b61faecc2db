#pragma once

#include <cstdint>
#include <vector>

#include "frontend/onnx_tensor.h"
#include "ir/extent.h"
#include "ir/type.h"

namespace qatc {

/// Extent::step for numbers that come from a file. Throws Refusal where int64 arithmetic could overflow for an image of
/// up to 2^20 pixels a side.
Extent checked_step(const Extent& extent, int64_t mul, int64_t add, int64_t div);

/// One number that a graph computes from the sizes of its tensors: numerator / divisor. The divisor differs from 1 only
/// between a multiplication in float and the floor or cast that follows it.
struct ShapeElement {
  Extent numerator;
  int64_t divisor = 1;  // a power of two
};

/// What Shape and the integer ops after it compute, with the image's height and width as symbols: a scalar or a short
/// vector. Exporters write these nodes to feed Resize; none is left after import.
struct ShapeVector {
  std::vector<ShapeElement> elements;
  bool is_scalar = false;
  /// Float in the file; the values here are exact, and so are those in float (see check_real).
  bool is_real = false;

  bool is_constant() const;
};

enum class ShapeOperator : uint8_t { kAdd, kSub, kMul, kDiv };
enum class ShapeRounding : uint8_t { kFloor, kCeil };

/// A shape in the order of `extents`.
ShapeVector shape_of(const std::vector<Extent>& extents);
/// Throws Refusal for a tensor that is no scalar and no short vector.
ShapeVector shape_from_constant(const OnnxTensor& tensor);
/// Element-wise, a scalar or a vector of one broadcast; at least one operand of each pair constant.
ShapeVector apply(ShapeOperator op, const ShapeVector& a, const ShapeVector& b);
ShapeVector round(ShapeRounding rounding, const ShapeVector& x);
ShapeVector cast_to_integer(const ShapeVector& x);
ShapeVector cast_to_real(const ShapeVector& x);
ShapeVector concatenate(const std::vector<ShapeVector>& parts);
/// data[indices]: a scalar index gives a scalar.
ShapeVector gather(const ShapeVector& data, const ShapeVector& indices);
ShapeVector slice(const ShapeVector& data, int64_t start, int64_t end, int64_t step);

/// The integer constants of `x`. Throws Refusal naming `role` when they are none.
std::vector<int64_t> constant_integers(const ShapeVector& x, const char* role);
/// The extents of an integer vector, of any kind. Throws Refusal naming `role`.
std::vector<Extent> integer_extents(const ShapeVector& x, const char* role);

}  // namespace qatc
