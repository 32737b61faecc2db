#pragma once

#include <optional>
#include <string>

#include "lower/target.h"
#include "schedules/cost_model.h"

namespace qatc {

/// Cycles that the newest llvm-mca (19 to 22; LLVM 14's model of cortex-a55 is wrong) gives once through `loop`
/// (schedules/assembly_cost.h); nullopt where it is not installed or refuses.
std::optional<double> mca_cycles(const std::string& loop, const Target& target, const Core& core);

}  // namespace qatc
