#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string_view>
#include <variant>

#include "ir/extent.h"

namespace qatc {

// Attributes of each op. One definition serves the op on real values and on quantized ones: on 8-bit tensors the op is
// quantize(op(dequantize(inputs...))) with exactly that one rounding; which of the two it is shows in the value types.
// visit_attributes drives printing and parsing and is the only list of an op's fields.

struct NoAttributes {
  template <class Self, class V>
  static void visit_attributes(Self&, V&&) {}
};

struct Quantize : NoAttributes {};

struct Dequantize : NoAttributes {};

/// out = table[q - min(dtype of the input)]; inputs: 8-bit activation, table of 256 elements of the output's dtype.
struct Lookup : NoAttributes {};

/// Two-dimensional convolution, groups = 1. Inputs: `activations` tensors that are concatenated along the channels in
/// this order, then the filter (O, kh, kw, I), then the bias (O), always real. Output extent:
/// floor((in + pad_before + pad_after - dilation*(k-1) - 1) / stride) + 1; padding has real value 0.
struct Conv2d {
  std::array<int64_t, 2> stride{1, 1};    // y, x
  std::array<int64_t, 2> dilation{1, 1};  // y, x
  std::array<int64_t, 4> pad{};           // top, left, bottom, right
  int64_t activations = 1;
  template <class Self, class V>
  static void visit_attributes(Self& self, V&& v) {
    v("stride", self.stride);
    v("dilation", self.dilation);
    v("pad", self.pad);
    v("activations", self.activations);
  }
};

struct Add : NoAttributes {};

struct Mul : NoAttributes {};

struct Tanh : NoAttributes {};

struct Relu : NoAttributes {};

struct LeakyRelu {
  float alpha = 0.01F;
  template <class Self, class V>
  static void visit_attributes(Self& self, V&& v) {
    v("alpha", self.alpha);
  }
};

struct Clip {
  float min = -std::numeric_limits<float>::infinity();
  float max = std::numeric_limits<float>::infinity();
  template <class Self, class V>
  static void visit_attributes(Self& self, V&& v) {
    v("min", self.min);
    v("max", self.max);
  }
};

/// (x - mean) / sqrt(variance + epsilon) * gamma + beta, statistics over height and width of each channel.
struct InstanceNorm {
  float epsilon = 1e-5F;
  template <class Self, class V>
  static void visit_attributes(Self& self, V&& v) {
    v("epsilon", self.epsilon);
  }
};

struct Concat : NoAttributes {};

/// Extents as Conv2d's with dilation 1; padding never wins the maximum.
struct MaxPool {
  std::array<int64_t, 2> kernel{2, 2};
  std::array<int64_t, 2> stride{2, 2};
  std::array<int64_t, 4> pad{};
  template <class Self, class V>
  static void visit_attributes(Self& self, V&& v) {
    v("kernel", self.kernel);
    v("stride", self.stride);
    v("pad", self.pad);
  }
};

/// Nearest neighbour, ONNX coordinate_transformation_mode asymmetric, nearest_mode floor:
/// out[i] = in[min(floor(i / scale), in_extent - 1)] in exact arithmetic, for each of the two axes.
/// scale is numerator/denominator when given (> 0), else out_extent / in_extent.
struct Resize {
  std::array<Extent, 2> size{};        // out height, width
  std::array<int64_t, 2> numerator{};  // y, x; 0: by the sizes
  std::array<int64_t, 2> denominator{1, 1};
  template <class Self, class V>
  static void visit_attributes(Self& self, V&& v) {
    v("size", self.size);
    v("numerator", self.numerator);
    v("denominator", self.denominator);
  }
};

/// std::monostate marks a node that was removed from its graph.
using Op = std::variant<std::monostate
#define QATC_OP(Type, stem) , Type
#include "ir/ops.def"
#undef QATC_OP
                        >;

/// The text name, e.g. `conv2d`.
std::string_view op_name(const Op& op);

}  // namespace qatc
