#pragma once

#include <cstdint>

#include "ir/tensor.h"
#include "ir/type.h"

namespace qatc {

/// The weights that the elements of a quantized filter (OHWI) stand for, in steps of its scales: each element less the
/// zero point of its output channel. Borrows both.
class FilterWeights {
 public:
  FilterWeights(const Tensor& filter, const QuantParams& quant) : filter_(filter), quant_(quant) {}

  int64_t outputs() const { return filter_.shape[0]; }
  /// Weights of one output channel, which are adjacent.
  int64_t taps() const { return filter_.shape[1] * filter_.shape[2] * filter_.shape[3]; }
  int64_t size() const { return filter_.size(); }
  /// Of the element with this flat index.
  int64_t operator[](int64_t i) const {
    return int64_t{filter_.integers[static_cast<size_t>(i)]} - quant_.zero_point_at(i / taps());
  }

  /// Sum of |weight| of one output channel.
  int64_t magnitude(int64_t output) const;
  /// What no |accumulator| of any output channel exceeds, in part or in whole, for 8-bit activations.
  int64_t largest_accumulator() const;

 private:
  const Tensor& filter_;
  const QuantParams& quant_;
};

}  // namespace qatc
