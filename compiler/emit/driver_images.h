#pragma once

#include <ostream>
#include <string>

#include "plan/plan.h"

namespace qatc {

/// Writes how the driver reads and writes the caller's images: `quantizer` and `dequantizer` with their kernels.
void write_images(std::ostream& out, const Plan& plan, const std::string& name);

}  // namespace qatc
