#include "passes/to_lookups.h"

#include <algorithm>

#include "ops/op.h"
#include "passes/rewrite.h"

namespace qatc {

namespace {

constexpr int64_t kTableSize = 256;

/// From the Dequantize down to the Quantize.
std::vector<Node> chain_to(const Graph& graph, NodeId quantize, ValueId real_source) {
  std::vector<Node> chain{graph.node(quantize)};
  while (chain.back().inputs[0] != real_source)
    chain.push_back(graph.node(*graph.value(chain.back().inputs[0]).producer));
  chain.push_back(graph.node(*graph.value(real_source).producer));
  std::reverse(chain.begin(), chain.end());
  return chain;
}

TensorType as_table(TensorType type) {
  type.shape = {1, 1, 1, kTableSize};
  return type;
}

/// The result of the chain for every value of its source.
Tensor tabulate(const Graph& graph, const std::vector<Node>& chain) {
  TensorType type = as_table(graph.type(chain.front().inputs[0]));
  Tensor values = Tensor::zeros(type.dtype, {1, 1, 1, kTableSize});
  for (int32_t i = 0; i < kTableSize; ++i) values.integers[static_cast<size_t>(i)] = integer_range(type.dtype).min + i;
  for (const Node& node : chain) {
    const TensorType result = as_table(graph.type(node.output));
    values = reference(node.op, {&values}, {type}, result, Rounding::kExact);
    type = result;
  }
  values.shape = {kTableSize};
  return values;
}

}  // namespace

void to_lookups(Graph& graph) {
  for (NodeId id : graph.schedule_order()) {
    const Node quantize = graph.node(id);
    if (!std::holds_alternative<Quantize>(quantize.op)) continue;
    const TensorType type = graph.type(quantize.output);
    const ValueId real_source = elementwise_source(graph, quantize.inputs[0]);
    const std::optional<ValueId> source = dequantized(graph, real_source);
    if (!source || !is_8bit_per_tensor(type)) continue;
    if (real_source == quantize.inputs[0] && graph.type(*source) == type &&
        can_replace(graph, quantize.output, *source)) {
      replace(graph, quantize.output, *source);
    } else {
      const std::vector<Node> chain = chain_to(graph, id, real_source);
      std::vector<Origin> origins;
      for (size_t i = 1; i < chain.size(); ++i) origins = join(std::move(origins), chain[i].origins);
      const ValueId named = chain.size() > 2 ? chain[chain.size() - 2].output : quantize.output;
      const ValueId table = graph.add_constant(graph.value(named).name + ".table",
                                               {type.dtype, {kTableSize}, std::nullopt}, tabulate(graph, chain));
      replace(graph, quantize.output,
              add_in_place_of(graph, named, Lookup{}, {*source, table}, type, std::move(origins)));
    }
    graph.remove_node(id);
  }
}

}  // namespace qatc
