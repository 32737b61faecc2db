#include "plan/partition.h"

#include <algorithm>
#include <map>
#include <set>

#include "support/error.h"

namespace qatc {

namespace {

constexpr int kNone = -1;
// A gate or a residual branch joins two. Each conv's sums of a tile lie on the stack until all of them are there, so one
// conv more is one tile of sums more between the products and their rounding.
constexpr int kMaxConvs = 2;

template <class OpType>
bool is(const Graph& graph, NodeId id) {
  return std::holds_alternative<OpType>(graph.node(id).op);
}

class Partitioner {
 public:
  explicit Partitioner(const Graph& graph) : graph_(graph), group_(graph.node_count(), kNone) {}

  std::vector<KernelGroup> run() {
    const std::vector<NodeId> order = graph_.schedule_order();
    for (NodeId id : order) place(id);
    return sorted(order);
  }

 private:
  void place(NodeId id) {
    const Node& node = graph_.node(id);
    if (joins_kernel(node.op)) {
      const int a = joinable_group(node.inputs.front());
      const int b = joinable_group(node.inputs.back());
      if (a != kNone && b != kNone && a != b && can_merge(std::min(a, b), std::max(a, b), id)) {
        std::replace(group_.begin(), group_.end(), std::min(a, b), std::max(a, b));
      }
      const int later = std::max(a, b);
      group_[index(id)] = later == kNone ? new_group() : later;
    } else if (is<Conv2d>(graph_, id) || is<InstanceNorm>(graph_, id) || is<MaxPool>(graph_, id) ||
               is<Resize>(graph_, id) || is<Concat>(graph_, id)) {
      group_[index(id)] = new_group();
    } else {
      // The ends of the 8-bit part belong to the driver, and so do real ops behind it (tables of 256 floats).
      QATC_CHECK(is<Quantize>(graph_, id) || graph_.type(node.output).is_real(),
                 "no kernel for op " + std::string(op_name(node.op)));
    }
  }

  int new_group() { return next_group_++; }

  /// The kernel that makes `value`, if elementwise ops may be appended to it.
  int joinable_group(ValueId value) const {
    const std::optional<NodeId> producer = graph_.value(value).producer;
    if (!producer || is<Concat>(graph_, *producer)) return kNone;
    return group_[index(*producer)];
  }

  std::vector<NodeId> members(int group) const {
    std::vector<NodeId> result;
    for (size_t i = 0; i < group_.size(); ++i) {
      if (group_[i] == group) result.push_back(static_cast<NodeId>(i));
    }
    return result;
  }

  std::vector<NodeId> convs(int group) const {
    std::vector<NodeId> result = members(group);
    std::erase_if(result, [&](NodeId id) { return !is<Conv2d>(graph_, id); });
    return result;
  }

  bool can_merge(int earlier, int later, NodeId meeting) const {
    const std::vector<NodeId> a = convs(earlier);
    const std::vector<NodeId> b = convs(later);
    if (a.empty() || b.empty() || a.size() + b.size() > kMaxConvs) return false;
    if (graph_.type(graph_.node(a[0]).output).shape != graph_.type(graph_.node(b[0]).output).shape) return false;
    if (depends_through_others(later, earlier)) return false;
    return reads_alike(a[0], b[0]) || used_only_by(earlier, later, meeting);
  }

  bool reads_alike(NodeId a, NodeId b) const {
    const Node& na = graph_.node(a);
    const Node& nb = graph_.node(b);
    const auto& ca = std::get<Conv2d>(na.op);
    const auto& cb = std::get<Conv2d>(nb.op);
    if (ca.stride != cb.stride || ca.dilation != cb.dilation || ca.pad != cb.pad || ca.activations != cb.activations)
      return false;
    if (!std::equal(na.inputs.begin(), na.inputs.begin() + ca.activations, nb.inputs.begin())) return false;
    const auto filter = static_cast<size_t>(ca.activations);
    return graph_.type(na.inputs[filter]).shape == graph_.type(nb.inputs[filter]).shape;
  }

  bool used_only_by(int earlier, int later, NodeId meeting) const {
    for (NodeId member : members(earlier)) {
      const ValueId value = graph_.node(member).output;
      if (graph_.is_output(value)) return false;
      for (NodeId user : graph_.users(value)) {
        const int group = group_[index(user)];
        if (user != meeting && group != earlier && group != later) return false;
        // A conv of the later kernel reads memory, not the earlier one's registers.
        if (group == later && is<Conv2d>(graph_, user)) return false;
      }
    }
    return true;
  }

  std::set<int> direct_dependencies(int group) const {
    std::set<int> result;
    for (NodeId member : members(group)) {
      for (ValueId input : graph_.node(member).inputs) {
        const std::optional<NodeId> producer = graph_.value(input).producer;
        if (!producer) continue;
        const int other = group_[index(*producer)];
        if (other != kNone && other != group) result.insert(other);
      }
    }
    return result;
  }

  bool depends_through_others(int from, int to) const {
    std::set<int> seen;
    std::vector<int> pending;
    for (int group : direct_dependencies(from)) {
      if (group != to) pending.push_back(group);
    }
    while (!pending.empty()) {
      const int group = pending.back();
      pending.pop_back();
      if (group == to) return true;
      if (!seen.insert(group).second) continue;
      for (int next : direct_dependencies(group)) pending.push_back(next);
    }
    return false;
  }

  /// Dependencies first; ties by the group's number, which follows the graph.
  std::vector<KernelGroup> sorted(const std::vector<NodeId>& order) const {
    std::map<int, KernelGroup> groups;
    for (NodeId id : order) {
      if (group_[index(id)] != kNone) groups[group_[index(id)]].push_back(id);
    }
    std::map<int, std::set<int>> waiting;
    for (const auto& [group, nodes] : groups) waiting[group] = direct_dependencies(group);
    std::vector<KernelGroup> result;
    while (!waiting.empty()) {
      const auto ready =
          std::find_if(waiting.begin(), waiting.end(), [](const auto& entry) { return entry.second.empty(); });
      QATC_CHECK(ready != waiting.end(), "kernels depend on each other in a circle");
      const int group = ready->first;
      result.push_back(groups[group]);
      waiting.erase(ready);
      for (auto& [other, dependencies] : waiting) dependencies.erase(group);
    }
    return result;
  }

  const Graph& graph_;
  std::vector<int> group_;
  int next_group_ = 0;
};

}  // namespace

std::vector<KernelGroup> partition(const Graph& graph) { return Partitioner(graph).run(); }

bool joins_kernel(const Op& op) {
  return std::holds_alternative<Lookup>(op) || std::holds_alternative<Add>(op) || std::holds_alternative<Mul>(op);
}

}  // namespace qatc
