#include "passes/check_accumulators.h"

#include <cstdlib>

#include "passes/rewrite.h"
#include "support/error.h"

namespace qatc {

namespace {

constexpr int64_t kLargestDifference = 255;
constexpr int64_t kLargestDigit = 128;

/// The largest possible |accumulator| of any output channel.
int64_t accumulator_bound(const TensorType& type, const Tensor& filter) {
  const int64_t channels = filter.shape[0];
  const int64_t taps = filter.size() / channels;
  if (type.dtype == DType::kI32) return taps * kLargestDigit * kLargestDifference;
  int64_t largest = 0;
  for (int64_t channel = 0; channel < channels; ++channel) {
    const int32_t zero_point = type.quant->zero_point_at(type.quant->axis ? channel : 0);
    int64_t sum = 0;
    for (int64_t i = channel * taps; i < (channel + 1) * taps; ++i)
      sum += std::abs(filter.integers[static_cast<size_t>(i)] - zero_point);
    largest = std::max(largest, sum * kLargestDifference);
  }
  return largest;
}

}  // namespace

void check_accumulators(Graph& graph) {
  std::vector<std::string> faults;
  for (NodeId id : graph.schedule_order()) {
    const Node& node = graph.node(id);
    if (!std::holds_alternative<Conv2d>(node.op) || !is_8bit(graph.type(node.output).dtype)) continue;
    const Value& filter = graph.value(node.inputs[activation_count(node)]);
    const int64_t bound = accumulator_bound(filter.type, *filter.constant);
    if (bound <= INT32_MAX) continue;
    faults.push_back("node " + describe(graph, id) + ": its sums can reach " + std::to_string(bound) +
                     ", more than a 32-bit accumulator holds; use fewer input channels or smaller weights");
  }
  if (!faults.empty()) throw UserError(std::move(faults));
}

}  // namespace qatc
