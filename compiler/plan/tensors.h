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

/// Gives the tensors that convolutions read the border that these pad. To be done before stages are chosen: borders are
/// memory.
void widen_borders(Plan& plan, const TensorOfValue& tensor_of);

}  // namespace qatc
