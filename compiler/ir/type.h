#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "ir/extent.h"

namespace qatc {

enum class DType : uint8_t {
  kF32,  // a real number; the reference evaluator keeps it in double
  kU8,
  kI8,
  kI32,  // filters given in float, as fixed point (see passes/to_fixed_point_filters.h)
};

std::string_view dtype_name(DType dtype);
bool is_8bit(DType dtype);
/// Smallest and largest value of an integer type.
struct IntegerRange {
  int32_t min, max;
};
IntegerRange integer_range(DType dtype);

/// Affine quantization: real = scale * (q - zero_point). Per tensor: `axis` is empty and both vectors hold one element;
/// per channel: one element per index of dimension `axis`.
struct QuantParams {
  std::vector<float> scale;
  std::vector<int32_t> zero_point;
  std::optional<int> axis;
  float scale_at(int64_t channel) const { return scale[axis ? static_cast<size_t>(channel) : 0]; }
  int32_t zero_point_at(int64_t channel) const { return zero_point[axis ? static_cast<size_t>(channel) : 0]; }
  friend bool operator==(const QuantParams&, const QuantParams&) = default;
};

using Shape = std::vector<Extent>;

/// Activations are NHWC with N = 1, filters OHWI, biases and norm parameters one-dimensional.
/// Integer types carry `quant`, except tables (see Lookup).
struct TensorType {
  DType dtype = DType::kF32;
  Shape shape;
  std::optional<QuantParams> quant;

  bool is_real() const { return dtype == DType::kF32; }
  friend bool operator==(const TensorType&, const TensorType&) = default;
};

}  // namespace qatc
