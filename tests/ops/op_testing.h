#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "ops/op.h"
#include "support/error.h"

namespace qatc::testing {

/// Reproducible by its seed: begin each case with SCOPED_TRACE(random.trace()).
class Random {
 public:
  explicit Random(uint64_t seed) : seed_(seed), engine_(seed) {}
  std::string trace() const { return "seed " + std::to_string(seed_); }
  int64_t integer(int64_t min, int64_t max) {
    return min + static_cast<int64_t>(engine_() % static_cast<uint64_t>(max - min + 1));
  }
  float real(float min, float max) { return min + (max - min) * static_cast<float>(engine_() % 65536) / 65535.0F; }
  bool coin() { return integer(0, 1) == 1; }
  DType dtype_8bit() { return coin() ? DType::kU8 : DType::kI8; }
  /// Both ends of the range are as likely as everything between them together.
  int32_t zero_point(DType dtype) {
    const IntegerRange range = integer_range(dtype);
    const int64_t pick = integer(0, 3);
    return pick == 0 ? range.min : pick == 1 ? range.max : static_cast<int32_t>(integer(range.min, range.max));
  }
  TensorType type_8bit(std::vector<int64_t> shape) {
    const DType dtype = dtype_8bit();
    return {dtype, Shape(shape.begin(), shape.end()), QuantParams{{real(0.001F, 0.1F)}, {zero_point(dtype)}, {}}};
  }
  Tensor tensor(const TensorType& type, float magnitude = 2) {
    std::vector<int64_t> shape;
    for (const Extent& extent : type.shape) shape.push_back(extent.constant());
    Tensor result = Tensor::zeros(type.dtype, shape);
    for (double& x : result.real) x = real(-magnitude, magnitude);
    if (type.is_real()) return result;
    const IntegerRange range = type.dtype == DType::kI32 ? IntegerRange{-40000, 40000} : integer_range(type.dtype);
    for (int32_t& q : result.integers) q = static_cast<int32_t>(integer(range.min, range.max));
    return result;
  }

 private:
  uint64_t seed_;
  std::mt19937_64 engine_;
};

inline TensorType real_type(const std::vector<int64_t>& shape) {
  return {DType::kF32, Shape(shape.begin(), shape.end()), std::nullopt};
}

inline TensorType quantized_type(DType dtype, const std::vector<int64_t>& shape, float scale, int32_t zero_point) {
  return {dtype, Shape(shape.begin(), shape.end()), QuantParams{{scale}, {zero_point}, {}}};
}

inline Tensor real_tensor(std::vector<int64_t> shape, std::vector<double> values) {
  return {DType::kF32, std::move(shape), std::move(values), {}};
}

inline Tensor integer_tensor(DType dtype, std::vector<int64_t> shape, std::vector<int32_t> values) {
  return {dtype, std::move(shape), {}, std::move(values)};
}

/// The result of the op, after its rules on types have been checked; the shape of `output` is inferred.
inline Tensor run(const Op& op, const std::vector<Tensor>& inputs, const std::vector<TensorType>& types,
                  TensorType output, Rounding rounding = Rounding::kExact) {
  output.shape = infer_shape(op, types);
  verify(op, types, output);
  std::vector<const Tensor*> operands;
  for (const Tensor& input : inputs) operands.push_back(&input);
  Tensor result = reference(op, operands, types, output, rounding);
  EXPECT_EQ(Shape(result.shape.begin(), result.shape.end()), output.shape);
  return result;
}

/// Written apart from ops/requantize.h on purpose: half to even by the remainder.
inline int32_t naive_round(double value, int32_t zero_point, DType dtype) {
  const int64_t low = dtype == DType::kU8 ? 0 : -128;
  const int64_t high = low + 255;
  if (value > 1000) return static_cast<int32_t>(high);
  if (value < -1000) return static_cast<int32_t>(low);
  auto whole = static_cast<int64_t>(std::floor(value));
  const double rest = value - static_cast<double>(whole);
  if (rest > 0.5 || (rest == 0.5 && whole % 2 != 0)) ++whole;
  const int64_t q = whole + zero_point;
  return static_cast<int32_t>(q < low ? low : q > high ? high : q);
}

/// All 256 values of an 8-bit type.
inline Tensor all_values(DType dtype) {
  Tensor result = Tensor::zeros(dtype, {1, 16, 16, 1});
  for (int32_t i = 0; i < 256; ++i) result.integers[static_cast<size_t>(i)] = integer_range(dtype).min + i;
  return result;
}

/// Checks a one-operand op on all values of random 8-bit types against f of the dequantized value.
template <class F>
void expect_unary(const Op& op, F&& f) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    Random random(seed);
    SCOPED_TRACE(random.trace());
    const TensorType in = random.type_8bit({1, 16, 16, 1});
    const TensorType out = random.type_8bit({1, 16, 16, 1});
    const Tensor q = all_values(in.dtype);
    const Tensor result = run(op, {q}, {in}, out, random.coin() ? Rounding::kExact : Rounding::kFloat);
    for (size_t i = 0; i < 256; ++i) {
      const double x = (q.integers[i] - in.quant->zero_point[0]) * static_cast<double>(in.quant->scale[0]);
      const double steps = f(x) / static_cast<double>(out.quant->scale[0]);
      EXPECT_EQ(result.integers[i], naive_round(steps, out.quant->zero_point[0], out.dtype)) << "q = " << q.integers[i];
    }
  }
}

}  // namespace qatc::testing
