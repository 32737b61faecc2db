#include "frontend/node_order.h"

#include <functional>
#include <queue>

#include "frontend/node_import.h"
#include "support/error.h"

namespace qatc {

namespace {

/// The nodes that node `i` reads, in order of its inputs.
std::vector<int> producers(const onnx::GraphProto& graph, const OnnxNames& names, int i) {
  std::vector<int> result;
  for (const std::string& input : graph.node(i).input()) {
    if (const auto found = names.producer.find(input); found != names.producer.end()) result.push_back(found->second);
  }
  return result;
}

/// Follows unfinished producers from an unfinished node; each has one, so a node must come up twice, on a cycle.
int node_on_cycle(const onnx::GraphProto& graph, const OnnxNames& names, const std::vector<bool>& unfinished, int i) {
  std::unordered_set<int> seen;
  while (seen.insert(i).second) {
    for (int producer : producers(graph, names, i)) {
      if (unfinished[static_cast<size_t>(producer)]) {
        i = producer;
        break;
      }
    }
  }
  return i;
}

}  // namespace

OnnxNames collect_names(const onnx::GraphProto& graph, const std::string& display_name) {
  OnnxNames names;
  std::vector<std::string> lines;
  std::unordered_set<std::string> known;
  for (const onnx::TensorProto& tensor : graph.initializer()) {
    if (!names.initializer.emplace(tensor.name(), &tensor).second) {
      lines.push_back(display_name + ": initializer " + quoted(tensor.name()) + " is given twice");
    }
  }
  for (const onnx::ValueInfoProto& input : graph.input()) {
    if (!known.insert(input.name()).second) {
      lines.push_back(display_name + ": graph input " + quoted(input.name()) + " is given twice");
    }
    if (names.initializer.count(input.name()) == 0) names.inputs.push_back(&input);
  }
  for (const auto& [name, tensor] : names.initializer) known.insert(name);
  for (int i = 0; i < graph.node_size(); ++i) {
    for (const std::string& output : graph.node(i).output()) {
      if (output.empty()) continue;
      if (!known.insert(output).second) {
        lines.push_back(display_name + ": " + describe(graph.node(i)) + ": output " + quoted(output) +
                        " already has this name elsewhere in the graph; names must be unique");
      }
      names.producer.emplace(output, i);
    }
  }
  for (const onnx::NodeProto& node : graph.node()) {
    for (const std::string& input : node.input()) {
      if (input.empty() || known.count(input) != 0) continue;
      lines.push_back(display_name + ": " + describe(node) + ": input " + quoted(input) +
                      " is made by no node and is neither an initializer nor a graph input");
    }
  }
  for (const onnx::ValueInfoProto& output : graph.output()) {
    if (known.count(output.name()) == 0) {
      lines.push_back(display_name + ": graph output " + quoted(output.name()) + " is made by no node");
    }
  }
  if (!lines.empty()) throw UserError(lines);
  return names;
}

std::vector<int> live_nodes_in_order(const onnx::GraphProto& graph, const OnnxNames& names,
                                     const std::string& display_name) {
  const auto count = static_cast<size_t>(graph.node_size());
  std::vector<bool> live(count, false);
  std::vector<int> pending;
  const auto mark = [&](int i) {
    if (!live[static_cast<size_t>(i)]) pending.push_back(i);
    live[static_cast<size_t>(i)] = true;
  };
  for (const onnx::ValueInfoProto& output : graph.output()) {
    if (const auto found = names.producer.find(output.name()); found != names.producer.end()) mark(found->second);
  }
  while (!pending.empty()) {
    const int i = pending.back();
    pending.pop_back();
    for (int producer : producers(graph, names, i)) mark(producer);
  }

  std::vector<int> missing(count, 0);
  std::vector<std::vector<int>> readers(count);
  std::priority_queue<int, std::vector<int>, std::greater<>> ready;
  for (int i = 0; i < graph.node_size(); ++i) {
    if (!live[static_cast<size_t>(i)]) continue;
    for (int producer : producers(graph, names, i)) {
      ++missing[static_cast<size_t>(i)];
      readers[static_cast<size_t>(producer)].push_back(i);
    }
    if (missing[static_cast<size_t>(i)] == 0) ready.push(i);
  }
  std::vector<int> order;
  std::vector<bool> unfinished = live;
  while (!ready.empty()) {
    const int i = ready.top();
    ready.pop();
    order.push_back(i);
    unfinished[static_cast<size_t>(i)] = false;
    for (int reader : readers[static_cast<size_t>(i)]) {
      if (--missing[static_cast<size_t>(reader)] == 0) ready.push(reader);
    }
  }
  for (int i = 0; i < graph.node_size(); ++i) {
    if (!unfinished[static_cast<size_t>(i)]) continue;
    const int on_cycle = node_on_cycle(graph, names, unfinished, i);
    throw UserError(display_name + ": " + describe(graph.node(on_cycle)) + ": the graph has a cycle through this node");
  }
  return order;
}

}  // namespace qatc
