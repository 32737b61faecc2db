#pragma once

#include <string>

#include "plan/plan.h"

namespace qatc {

/// The driver: C source that lays out the arena for an image size and calls the kernels. One text for all targets.
std::string emit_driver(const Plan& plan, const std::string& name);

}  // namespace qatc
