#pragma once

#include <array>
#include <cstdint>

#include "plan/plan.h"

namespace qatc {

/// Fills `below` of every block so that blocks alive at the same stage never overlap at any image size.
///
/// Blocks are placed once, at a representative size, in the best of a few orders, each into the lowest gap. Of two
/// blocks alive together one then lies below the other; that order is kept as symbolic constraints, so the layout
/// adapts to every size without planning again, and is tight where sizes scale together.
///
/// What a stage reads and what it writes never share memory: stripes of other threads still read rows around their own,
/// and the last tile of a row reads pixels again that the one before has computed. Within a stage, rows are handed on in
/// windows; only the caller's image may be its own result (in_place).
void lay_out_arena(Plan& plan);

/// Height and width of an image for which choices are made that hold for every size.
std::array<int64_t, 2> usual_size(const Plan& plan);

/// Bytes of a stored tensor with its border.
int64_t tensor_size(const Plan& plan, int tensor, int64_t height, int64_t width);

/// Bytes of the windows and scratch rows of all threads in a stage, as the generated lay_out adds them up.
int64_t windows_size(const Plan& plan, const Stage& stage, int64_t height, int64_t width);

}  // namespace qatc
