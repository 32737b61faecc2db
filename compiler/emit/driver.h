#pragma once

#include <string>

#include "plan/plan.h"

namespace qatc {

/// The driver: C source that lays out the arena for an image size and calls the kernels. One text for all targets.
/// `prefix`: what its symbols and those of kernels and constants begin with: the name, or when a library has code for
/// several instruction sets something longer for each.
std::string emit_driver(const Plan& plan, const std::string& name, const std::string& prefix);

}  // namespace qatc
