#include "ir/graph.h"

#include <gtest/gtest.h>

#include "support/error.h"

namespace qatc {
namespace {

TensorType image() { return {DType::kF32, {1, Extent::height(), Extent::width(), 3}, std::nullopt}; }

ValueId add(Graph& graph, Op op, std::vector<ValueId> inputs, const char* name) {
  return graph.add_node(std::move(op), std::move(inputs), name, image(), {});
}

TEST(Graph, NamesAreUnique) {
  Graph graph;
  const ValueId x = graph.add_input("x", image());
  const ValueId a = add(graph, Tanh{}, {x}, "x");
  const ValueId b = add(graph, Tanh{}, {a}, "x");
  EXPECT_EQ(graph.value(x).name, "x");
  EXPECT_EQ(graph.value(a).name, "x.1");
  EXPECT_EQ(graph.value(b).name, "x.2");
}

TEST(Graph, UsersAreListedOnceInOrder) {
  Graph graph;
  const ValueId x = graph.add_input("x", image());
  const ValueId square = add(graph, Mul{}, {x, x}, "square");
  const ValueId sum = add(graph, Add{}, {square, x}, "sum");
  EXPECT_EQ(graph.users(x), (std::vector<NodeId>{*graph.value(square).producer, *graph.value(sum).producer}));
  EXPECT_TRUE(graph.users(sum).empty());
}

TEST(Graph, ReplaceUsesReachesReadersAndOutputs) {
  Graph graph;
  const ValueId x = graph.add_input("x", image());
  const ValueId a = add(graph, Tanh{}, {x}, "a");
  const ValueId b = add(graph, Mul{}, {a, a}, "b");
  graph.add_output(a);
  graph.replace_uses(a, x);
  EXPECT_EQ(graph.node(*graph.value(b).producer).inputs, (std::vector<ValueId>{x, x}));
  EXPECT_TRUE(graph.is_output(x));
  EXPECT_FALSE(graph.is_output(a));
}

TEST(Graph, ScheduleOrderPutsProducersFirst) {
  Graph graph;
  const ValueId x = graph.add_input("x", image());
  const ValueId first = add(graph, Tanh{}, {x}, "first");
  const ValueId second = add(graph, Tanh{}, {x}, "second");
  const NodeId first_node = *graph.value(first).producer;
  const NodeId second_node = *graph.value(second).producer;
  EXPECT_EQ(graph.schedule_order(), (std::vector<NodeId>{first_node, second_node}));
  graph.node(first_node).inputs = {second};
  EXPECT_EQ(graph.schedule_order(), (std::vector<NodeId>{second_node, first_node}));
}

TEST(Graph, RemovedNodesLeaveTheOrder) {
  Graph graph;
  const ValueId x = graph.add_input("x", image());
  const ValueId a = add(graph, Tanh{}, {x}, "a");
  const ValueId b = add(graph, Tanh{}, {x}, "b");
  graph.remove_node(*graph.value(a).producer);
  EXPECT_EQ(graph.schedule_order(), (std::vector<NodeId>{*graph.value(b).producer}));
  EXPECT_FALSE(graph.value(a).producer);
  EXPECT_EQ(graph.users(x), (std::vector<NodeId>{*graph.value(b).producer}));
}

TEST(Graph, CycleIsReported) {
  Graph graph;
  const ValueId x = graph.add_input("x", image());
  const ValueId a = graph.add_node(Tanh{}, {x}, "a", image(), {{"act", "Tanh"}});
  const ValueId b = add(graph, Tanh{}, {a}, "b");
  graph.node(*graph.value(a).producer).inputs = {b};
  try {
    graph.schedule_order();
    FAIL();
  } catch (const UserError& error) {
    EXPECT_STREQ(error.what(), "node 'act' (Tanh): the graph has a cycle through this node");
  }
}

TEST(Graph, CopiesAreIndependent) {
  Graph graph;
  const ValueId x = graph.add_input("x", image());
  const ValueId a = add(graph, Tanh{}, {x}, "a");
  Graph copy = graph;
  copy.remove_node(*copy.value(a).producer);
  EXPECT_EQ(graph.schedule_order().size(), 1U);
}

}  // namespace
}  // namespace qatc
