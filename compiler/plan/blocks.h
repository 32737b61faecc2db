#pragma once

#include "plan/plan.h"

namespace qatc {

/// Adds the blocks that the stages need, each with the stages in which it lives.
void make_blocks(Plan& plan);

}  // namespace qatc
