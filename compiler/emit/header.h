#pragma once

#include <string>

#include "plan/plan.h"

namespace qatc {

/// The public header `<name>.h`.
std::string emit_header(const Plan& plan, const std::string& name);

}  // namespace qatc
