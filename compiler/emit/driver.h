#pragma once

#include <string>

#include "plan/plan.h"

namespace qatc {

/// The driver: C source that lays out the arena for an image size and calls the kernels. One text for all targets.
std::string emit_driver(const Plan& plan, const std::string& name);

/// The public header `<name>.h`.
std::string emit_header(const Plan& plan, const std::string& name);

/// `<name>_conv2d_3x3s2_4` and the like: what kernel `kernel` computes, and its number.
std::string kernel_symbol(const Plan& plan, const std::string& name, int kernel);

}  // namespace qatc
