#pragma once

#include "plan/plan.h"

namespace qatc {

/// Fills `below` of every block so that blocks alive at the same stage never overlap at any image size.
///
/// Blocks are placed once, at a representative size, in the best of a few orders, each into the lowest gap. Of two
/// blocks alive together one then lies below the other; that order is kept as symbolic constraints, so the layout adapts
/// to every size without planning again, and is tight where sizes scale together.
void lay_out_arena(Plan& plan);

}  // namespace qatc
