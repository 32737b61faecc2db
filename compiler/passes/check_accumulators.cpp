#include "passes/check_accumulators.h"

#include "ops/filter_weights.h"
#include "ops/requantize.h"
#include "passes/rewrite.h"
#include "support/error.h"

namespace qatc {

namespace {

constexpr int64_t kLargestDigit = 128;

/// The largest possible |accumulator| of any output channel.
int64_t accumulator_bound(const TensorType& type, const Tensor& filter) {
  const FilterWeights weights(filter, *type.quant);
  return type.dtype == DType::kI32 ? weights.taps() * kLargestDigit * kLargestDifference
                                   : weights.largest_accumulator();
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
