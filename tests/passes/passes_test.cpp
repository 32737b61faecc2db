#include <gtest/gtest.h>

#include "ir/print.h"
#include "ops/evaluate.h"
#include "passes/pipeline.h"
#include "passes/rewrite.h"
#include "random_qdq_graph.h"

namespace qatc {
namespace {

constexpr unsigned kGraphs = 400;
constexpr PrintOptions kAll{.constants = PrintOptions::kAll};

TEST(Passes, EachKeepsTheGraphsValues) {
  for (unsigned seed = 0; seed < kGraphs; ++seed) {
    Graph graph = random_qdq_graph(seed);
    SCOPED_TRACE("seed " + std::to_string(seed) + "\n" + print(graph));
    const Tensor image = random_image(seed);
    const std::vector<Tensor> expected = evaluate(graph, {image}, Rounding::kExact);
    run_passes(graph, [&](const Pass& pass, const Graph& after) {
      ASSERT_EQ(evaluate(after, {image}, Rounding::kExact), expected) << "after " << pass.name << "\n" << print(after);
    });
    if (HasFailure()) return;
  }
}

TEST(Passes, AreIdempotentAndDeterministic) {
  for (unsigned seed = 0; seed < kGraphs; ++seed) {
    Graph graph = random_qdq_graph(seed);
    Graph twin = random_qdq_graph(seed);
    for (const Pass& pass : pipeline()) {
      pass.run(graph);
      const std::string once = print(graph, kAll);
      pass.run(graph);
      ASSERT_EQ(print(graph, kAll), once) << pass.name << " twice, seed " << seed;
      pass.run(twin);
      ASSERT_EQ(print(twin, kAll), once) << pass.name << " in a twin, seed " << seed;
    }
  }
}

TEST(Passes, LeaveOnly8BitOps) {
  for (unsigned seed = 0; seed < kGraphs; ++seed) {
    Graph graph = random_qdq_graph(seed);
    run_passes(graph);
    for (NodeId id : graph.schedule_order()) {
      const Node& node = graph.node(id);
      if (std::holds_alternative<Quantize>(node.op)) {
        ASSERT_EQ(node.inputs[0], graph.inputs()[0]) << "seed " << seed;
      } else if (!std::holds_alternative<Dequantize>(node.op)) {
        ASSERT_EQ(graph.type(node.output).is_real(), graph.type(node.inputs[0]).is_real()) << "seed " << seed;
        ASSERT_TRUE(!graph.type(node.output).is_real() || is_elementwise(node.op)) << "seed " << seed;
      }
    }
  }
}

}  // namespace
}  // namespace qatc
