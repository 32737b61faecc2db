#include "plan/limits.h"

#include "support/error.h"

namespace qatc {

namespace {

/// The largest image side at which every tensor's side stays within kMaxTensorSide.
int64_t largest(const Plan& plan, Extent::Symbol symbol) {
  int64_t size = kMaxImageSide;
  for (const PlanTensor& tensor : plan.tensors) {
    for (const Extent& extent : {tensor.height, tensor.width}) {
      while (extent.symbol() == symbol && size > 1 && extent.evaluate(size, size) > kMaxTensorSide) --size;
      if (extent.is_constant() && extent.constant() > kMaxTensorSide) {
        throw UserError("tensor '" + tensor.name + "' has a side of " + extent.to_string() +
                        " pixels; the largest supported is " + std::to_string(kMaxTensorSide));
      }
    }
  }
  return size;
}

/// Extents do not shrink when the image grows, so the first size at which all are positive is the minimum.
int64_t smallest(const Graph& graph, Extent::Symbol symbol) {
  const std::vector<NodeId> order = graph.schedule_order();
  for (int64_t size = 1; size <= kMaxImageSide; ++size) {
    bool works = true;
    for (NodeId id : order) {
      for (const Extent& extent : graph.type(graph.node(id).output).shape) {
        if (extent.symbol() == symbol && extent.evaluate(size, size) < 1) works = false;
      }
    }
    if (works) return size;
  }
  throw UserError("no image size gives every tensor at least one pixel");
}

int64_t fixed(const Extent& side, const char* what) {
  if (side.constant() > kMaxImageSide) {
    throw UserError("the image is " + side.to_string() + " pixels " + what + "; the largest supported is " +
                    std::to_string(kMaxImageSide));
  }
  return side.constant();
}

}  // namespace

SizeLimits find_limits(const Plan& plan) {
  const Graph& graph = plan.graph;
  SizeLimits limits{smallest(graph, Extent::Symbol::kHeight), largest(plan, Extent::Symbol::kHeight),
                    smallest(graph, Extent::Symbol::kWidth), largest(plan, Extent::Symbol::kWidth)};
  const TensorType& input = graph.type(graph.inputs().at(0));
  if (input.shape[1].is_constant()) limits.min_height = limits.max_height = fixed(input.shape[1], "high");
  if (input.shape[2].is_constant()) limits.min_width = limits.max_width = fixed(input.shape[2], "wide");
  return limits;
}

}  // namespace qatc
