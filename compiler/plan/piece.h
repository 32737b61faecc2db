#pragma once

#include <set>
#include <vector>

#include "plan/partition.h"
#include "plan/plan.h"
#include "plan/tensors.h"

namespace qatc {

/// A kernel and how it is called, before kernels are numbered: call.kernel is not set.
struct KernelUse {
  KernelSpec spec;
  KernelCall call;
};

/// The unit that stages are made of: the kernels of one group of nodes. More than one only for a concat, with a copy
/// per operand.
struct Piece {
  std::vector<NodeId> nodes;
  std::vector<KernelUse> uses;
};

class PieceMaker {
 public:
  PieceMaker(const Plan& plan, const TensorOfValue& tensor_of) : plan_(plan), tensor_of_(tensor_of) {}

  Piece make(const KernelGroup& group) const;
  /// Computes only `outputs`, which nodes of the group make; what none of these needs is left out.
  Piece make(const KernelGroup& group, const std::set<ValueId>& outputs) const;

 private:
  const Plan& plan_;
  const TensorOfValue& tensor_of_;
};

}  // namespace qatc
