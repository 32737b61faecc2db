#include "passes/to_fixed_point_filters.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "passes/rewrite.h"
#include "support/error.h"

namespace qatc {

namespace {

/// The smallest e with largest / 2^e <= kLargestFixedPoint, but 2^e no smaller than float's smallest normal number.
int exponent_for(double largest) {
  int e = std::numeric_limits<float>::min_exponent - 1;
  if (largest > 0) e = std::max(e, std::ilogb(largest) - 31);
  while (std::ldexp(largest, -e) > kLargestFixedPoint) ++e;
  return e;
}

struct FixedPoint {
  TensorType type;
  Tensor filter;
};

FixedPoint to_fixed_point(const TensorType& type, const Tensor& filter) {
  FixedPoint result{type, Tensor::zeros(DType::kI32, filter.shape)};
  QuantParams quant{{}, {}, 0};
  const auto channels = static_cast<size_t>(filter.shape[0]);
  const size_t taps = filter.real.size() / channels;
  for (size_t channel = 0; channel < channels; ++channel) {
    const size_t begin = channel * taps;
    double largest = 0;
    for (size_t i = begin; i < begin + taps; ++i) largest = std::max(largest, std::abs(filter.real[i]));
    const int e = largest > 0 ? exponent_for(largest) : 0;
    quant.scale.push_back(std::ldexp(1.0F, e));
    quant.zero_point.push_back(0);
    for (size_t i = begin; i < begin + taps; ++i) {
      result.filter.integers[i] = static_cast<int32_t>(std::nearbyint(std::ldexp(filter.real[i], -e)));
    }
  }
  result.type.dtype = DType::kI32;
  result.type.quant = std::move(quant);
  return result;
}

}  // namespace

void to_fixed_point_filters(Graph& graph) {
  for (NodeId id : graph.schedule_order()) {
    const Node& node = graph.node(id);
    if (!std::holds_alternative<Conv2d>(node.op)) continue;
    const size_t position = activation_count(node);
    const ValueId real = node.inputs[position];
    const Value& value = graph.value(real);
    if (!value.type.is_real() || !value.constant) continue;
    for (double weight : value.constant->real) {
      if (!std::isfinite(weight)) {
        throw UserError("node " + describe(graph, id) + ": the filter has a weight that is not finite");
      }
    }
    FixedPoint fixed = to_fixed_point(value.type, *value.constant);
    const TensorType real_type = value.type;
    const ValueId filter = add_constant_in_place_of(graph, real, std::move(fixed.type), std::move(fixed.filter));
    const ValueId read = graph.add_node(Dequantize{}, {filter}, graph.value(real).name, real_type, {});
    graph.node(id).inputs[position] = read;
  }
}

}  // namespace qatc
