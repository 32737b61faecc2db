#pragma once

#include <ostream>
#include <string>

#include "plan/plan.h"

namespace qatc {

/// A function `stage<i>(frame, stripe)` for each stage: what one thread does of it.
void write_stages(std::ostream& out, const Plan& plan, const std::string& name);

}  // namespace qatc
