#pragma once

#include <map>
#include <vector>

#include "plan/partition.h"
#include "plan/plan.h"

namespace qatc {

/// The tensor of each value that has one.
using TensorOfValue = std::map<ValueId, int>;

/// Adds the tensors of a plan whose graph is set: values that pass between kernels, or to and from the app. Borders
/// are left empty.
TensorOfValue make_tensors(Plan& plan, const std::vector<KernelGroup>& groups);

}  // namespace qatc
