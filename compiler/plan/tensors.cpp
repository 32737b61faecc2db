#include "plan/tensors.h"

#include <algorithm>

#include "plan/partition.h"
#include "support/error.h"

namespace qatc {

namespace {

class TensorMaker {
 public:
  TensorMaker(Plan& plan, const std::vector<KernelGroup>& groups) : plan_(plan), groups_(groups) {}

  TensorOfValue run() {
    const std::vector<NodeId> order = graph().schedule_order();
    std::map<NodeId, size_t> group_of;
    for (size_t g = 0; g < groups_.size(); ++g) {
      for (NodeId node : groups_[g]) group_of[node] = g;
    }
    for (NodeId id : order) {
      const Node& node = graph().node(id);
      if (std::holds_alternative<Quantize>(node.op)) {
        QATC_CHECK(plan_.input_tensor < 0, "more than one quantized image input");
        plan_.input_tensor = make_tensor(node.output);
        continue;
      }
      const auto group = group_of.find(id);
      if (group == group_of.end()) continue;
      const std::vector<NodeId> users = graph().users(node.output);
      const bool leaves = std::any_of(users.begin(), users.end(), [&](NodeId user) {
        const auto other = group_of.find(user);
        return other == group_of.end() || other->second != group->second || !joins_kernel(graph().node(user).op);
      });
      if (leaves) make_tensor(node.output);
    }
    for (NodeId id : order) {
      if (std::holds_alternative<Dequantize>(graph().node(id).op))
        plan_.output_tensor = tensor_of_.at(graph().node(id).inputs[0]);
    }
    QATC_CHECK(plan_.input_tensor >= 0 && plan_.output_tensor >= 0, "no quantized image in or out");
    return std::move(tensor_of_);
  }

 private:
  const Graph& graph() const { return plan_.graph; }

  int make_tensor(ValueId value) {
    const TensorType& type = graph().type(value);
    PlanTensor tensor;
    tensor.value = value;
    tensor.name = graph().value(value).name;
    tensor.dtype = type.dtype;
    tensor.channels = type.shape.at(3).constant();
    tensor.height = type.shape.at(1);
    tensor.width = type.shape.at(2);
    tensor.zero_point = type.quant->zero_point_at(0);
    plan_.tensors.push_back(tensor);
    tensor_of_[value] = static_cast<int>(plan_.tensors.size()) - 1;
    return tensor_of_[value];
  }

  Plan& plan_;
  const std::vector<KernelGroup>& groups_;
  TensorOfValue tensor_of_;
};

}  // namespace

TensorOfValue make_tensors(Plan& plan, const std::vector<KernelGroup>& groups) {
  return TensorMaker(plan, groups).run();
}

void widen_borders(Plan& plan, const TensorOfValue& tensor_of) {
  for (NodeId id : plan.graph.schedule_order()) {
    const Node& node = plan.graph.node(id);
    const auto* conv = std::get_if<Conv2d>(&node.op);
    if (conv == nullptr) continue;
    for (int64_t i = 0; i < conv->activations; ++i) {
      const int tensor = tensor_of.at(node.inputs[static_cast<size_t>(i)]);
      std::array<int64_t, 4>& border = plan.tensors[static_cast<size_t>(tensor)].border;
      for (size_t side = 0; side < 4; ++side) border[side] = std::max(border[side], conv->pad[side]);
    }
  }
}

}  // namespace qatc
