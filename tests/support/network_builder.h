#pragma once

#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "ir/graph.h"

namespace qatc::testing {

/// Builds networks of 8-bit ops, as the passes leave them, to compare generated code with the evaluator.
///
/// The graph's result is the concatenation of all kept values, each brought to the image's size and through a
/// table without equal entries where its quantization is another: a wrong byte anywhere shows in the output,
/// and its channel tells whose it is.
class NetworkBuilder {
 public:
  NetworkBuilder(uint64_t seed, int64_t channels);

  // ---- Random choices, the same for the same seed on every machine.
  int64_t integer(int64_t min, int64_t max) {
    return min + static_cast<int64_t>(random_() % static_cast<uint64_t>(max - min + 1));
  }
  bool coin() { return integer(0, 1) == 1; }
  template <class T>
  T one_of(const std::vector<T>& choices) {
    return choices[static_cast<size_t>(integer(0, static_cast<int64_t>(choices.size()) - 1))];
  }
  /// From now on scales, but of fixed point filters, are powers of two or the next float beside one, and biases few bits
  /// long: many values lie halfway between two integers when they are rounded, and many so near to it that floats do not
  /// tell.
  void prefer_ties() { prefers_ties_ = true; }
  /// An 8-bit type with one scale; zero points at both ends and in the middle are frequent.
  TensorType activation_type(double scale = 0.02);

  // ---- Ops. Each returns the new value, which `keep` adds to the result.
  enum class Filter {
    kPerTensor,
    kPerChannel,
    kZeroPoints,  // int8 with a zero point for each channel: values beyond int8
    kUnsigned,    // uint8 around 128
    kFixedPoint,  // int32
    kSaturated,   // -128 and 127 only
  };
  struct ConvOptions {
    std::array<int64_t, 2> kernel{1, 1}, stride{1, 1}, dilation{1, 1};
    std::array<int64_t, 4> pad{};
    Filter filter = Filter::kPerTensor;
    double gain = 60;  // standard deviation of the result, in steps; 1e6 needs clamping before it is rounded
  };
  /// 3x3 with a border of one pixel: as large as its input.
  static ConvOptions around() {
    ConvOptions options;
    options.kernel = {3, 3};
    options.pad = {1, 1, 1, 1};
    return options;
  }
  /// Any options with which a 1x1 image has a result.
  ConvOptions random_conv(const std::vector<int64_t>& strides = {1, 1, 2});
  ValueId image() const { return image_; }
  ValueId conv(const std::vector<ValueId>& activations, int64_t outputs, const ConvOptions& options);
  ValueId lookup(ValueId a);
  /// Through a table without equal entries.
  ValueId to_type(ValueId a, const TensorType& type);
  ValueId add(ValueId a, ValueId b);
  ValueId mul(ValueId a, ValueId b);
  ValueId instance_norm(ValueId a, float epsilon = 1e-5F);
  ValueId max_pool(ValueId a, std::array<int64_t, 2> kernel, std::array<int64_t, 2> stride, std::array<int64_t, 4> pad);
  ValueId resize(ValueId a, std::array<Extent, 2> size);
  ValueId resize_by(ValueId a, int64_t numerator, int64_t denominator);
  /// Of one quantization: the others become that of the first.
  ValueId concat(std::vector<ValueId> values);
  ValueId keep(ValueId a) {
    kept_.push_back(a);
    return a;
  }

  int64_t channels(ValueId a) const { return graph_.type(a).shape[3].constant(); }
  bool same_size(ValueId a, ValueId b) const;
  Graph finish();
  /// Whose value channel `channel` of the result is.
  std::string kept_name(int64_t channel) const;

 private:
  ValueId add_op(Op op, std::vector<ValueId> inputs, TensorType type);
  ValueId constant(TensorType type, Tensor data);
  ValueId reals(int64_t count, double magnitude);
  /// `wish` or, where ties are preferred, the power of two nearest to it or a float next to that.
  float nearby_scale(double wish);

  std::mt19937_64 random_;
  bool prefers_ties_ = false;
  Graph graph_;
  ValueId image_{};
  std::vector<ValueId> kept_;
};

}  // namespace qatc::testing
