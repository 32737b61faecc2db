#pragma once

#include <string>

#include "plan/image.h"
#include "plan/plan.h"

namespace qatc {

/// `<name>_conv2d_3x3s2_4` and the like: what kernel `kernel` computes, and its number.
std::string kernel_symbol(const Plan& plan, const std::string& name, int kernel);

/// The C symbol of a kernel for images.
std::string image_kernel_symbol(const std::string& name, const ImageKernel& kernel);

}  // namespace qatc
