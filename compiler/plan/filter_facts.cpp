#include "plan/filter_facts.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "ops/filter_weights.h"
#include "ops/requantize.h"
#include "plan/kernel.h"

namespace qatc {

namespace {

size_t filter_operand(const Node& conv) { return static_cast<size_t>(std::get<Conv2d>(conv.op).activations); }

FilterWeights weights_of(const Graph& graph, const Node& conv) {
  const Value& filter = graph.value(conv.inputs[filter_operand(conv)]);
  return {*filter.constant, *filter.type.quant};
}

/// The digits of a weight (balanced_digits), each plus 128, as bytes: without carries.
int64_t digit_bytes(int64_t weight, int digits) {
  for (int d = 0; d < digits; ++d) weight += int64_t{128} << 8 * d;
  return weight;
}

bool have_extreme_digit(int64_t a, int64_t b, int digits) {
  const int64_t either = digit_bytes(a, digits) | digit_bytes(b, digits);
  for (int d = 0; d < digits; ++d) {
    if ((either >> 8 * d & 255) == 0) return true;
  }
  return false;
}

}  // namespace

bool needs_digits(const Graph& graph, const Node& conv) {
  const FilterWeights weights = weights_of(graph, conv);
  for (int64_t i = 0; i < weights.size(); ++i) {
    if (weights[i] < -128 || weights[i] > 127) return true;
  }
  return false;
}

bool has_digit_pairs(const Graph& graph, const Node& conv) {
  const FilterWeights weights = weights_of(graph, conv);
  for (int64_t o = 0; o < weights.outputs(); ++o) {
    std::array<int64_t, kFixedPointDigits / 2> largest{};
    for (int64_t i = o * weights.taps(); i < (o + 1) * weights.taps(); ++i) {
      const std::vector<int32_t> digits = balanced_digits(weights[i], kFixedPointDigits);
      for (size_t pair = 0; pair < largest.size(); ++pair) {
        largest[pair] += kLargestDifference * (std::abs(digits[2 * pair]) + 256 * std::abs(digits[2 * pair + 1]));
      }
    }
    if (*std::max_element(largest.begin(), largest.end()) > INT32_MAX) return false;
  }
  return true;
}

bool has_extreme_pairs(const Graph& graph, const Node& conv, int digits) {
  const FilterWeights weights = weights_of(graph, conv);
  int64_t i = 0;
  while (i < weights.size()) {  // taps of all inputs' channels
    for (size_t input = 0; input < filter_operand(conv); ++input) {
      const int64_t channels = graph.type(conv.inputs[input]).shape.at(3).constant();
      for (int64_t c = 0; c + 2 < channels; ++c) {
        if (c % 4 < 2 && have_extreme_digit(weights[i + c], weights[i + c + 2], digits)) return true;
      }
      i += channels;
    }
  }
  return false;
}

bool conv_needs_clamp(const Graph& graph, const Node& conv) {
  const FilterWeights weights = weights_of(graph, conv);
  const QuantParams& quant = *graph.type(conv.inputs[filter_operand(conv)]).quant;
  const Tensor& bias = *graph.value(conv.inputs[filter_operand(conv) + 1]).constant;
  const double scale_in = graph.type(conv.inputs[0]).quant->scale_at(0);
  const double scale_out = graph.type(conv.output).quant->scale_at(0);
  for (int64_t o = 0; o < weights.outputs(); ++o) {
    // A filter of zeros counts as one with a single 1: its multiplier must be in float's range, too.
    const auto sum = static_cast<double>(std::max<int64_t>(weights.magnitude(o), 1));
    const double bound = kLargestDifference * sum * scale_in * quant.scale_at(o) / scale_out +
                         std::abs(bias.real[static_cast<size_t>(o)]) / scale_out;
    if (!(bound < kInt16Range)) return true;
  }
  return false;
}

}  // namespace qatc
