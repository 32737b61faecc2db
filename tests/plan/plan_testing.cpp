#include "plan/plan_testing.h"

#include <vector>

#include "ir/parse.h"
#include "ops/op.h"
#include "support/network_builder.h"

namespace qatc::testing {

Plan plan_of(const std::string& text) {
  const Graph graph = parse(text);
  verify(graph);
  return make_plan(graph, Rounding::kFloat);
}

std::string input_of(const std::string& golden) {
  const std::string input_mark = "---- input\n";
  const size_t input = golden.find(input_mark) + input_mark.size();
  return golden.substr(input, golden.find(kPlanMark) - input);
}

Graph random_network(uint64_t seed, int length) {
  NetworkBuilder network(seed, 3);
  std::vector<ValueId> values{network.image()};
  for (int i = 0; i < length; ++i) {
    const ValueId a = network.one_of(values);
    switch (network.integer(0, 7)) {
      case 0:
        values.push_back(network.resize_by(a, network.integer(1, 5), 2));
        break;
      case 1:
        values.push_back(network.max_pool(a, {3, 3}, {2, 2}, {1, 1, 1, 1}));
        break;
      case 2:
        values.push_back(network.instance_norm(a));
        break;
      case 3:
        values.push_back(network.lookup(a));
        break;
      case 4:
        values.push_back(network.add(a, a));
        break;
      default:
        values.push_back(network.conv({a}, network.integer(1, 12), network.random_conv()));
    }
    if (network.integer(0, 3) == 0) network.keep(values.back());
  }
  network.keep(values.back());
  return network.finish();
}

}  // namespace qatc::testing
