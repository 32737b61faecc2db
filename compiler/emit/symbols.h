#pragma once

#include <string>

#include "plan/plan.h"

namespace qatc {

/// `<name>_conv2d_3x3s2_4` and the like: what kernel `kernel` computes, and its number.
std::string kernel_symbol(const Plan& plan, const std::string& name, int kernel);

}  // namespace qatc
