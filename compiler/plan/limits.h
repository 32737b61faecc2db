#pragma once

#include "plan/plan.h"

namespace qatc {

/// The image sizes at which every value of the graph has at least one pixel and no tensor a side above kMaxTensorSide.
/// Throws UserError when there is none.
SizeLimits find_limits(const Plan& plan);

}  // namespace qatc
