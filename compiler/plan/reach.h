#pragma once

#include <optional>

#include "plan/plan.h"

namespace qatc {

/// The rows of its input number `input` that a kernel reads, if a window can serve them.
std::optional<RowsNeeded> rows_needed(const KernelSpec& spec, int input);

/// Fills `bases` of a stage and the reach of its windows. Returns false when its rows cannot slide together: two
/// readers of a window, or a window and a stored tensor of one call, need rows at different rates.
bool find_reach(Stage& stage);

}  // namespace qatc
