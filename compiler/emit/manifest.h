#pragma once

#include <string>

#include "lower/target.h"
#include "plan/plan.h"

namespace qatc {

/// manifest.json: what a library holds, for programs. Deterministic: no times, no paths.
std::string emit_manifest(const Plan& plan, const std::string& name, const TargetSet& set, size_t library_bytes);

}  // namespace qatc
