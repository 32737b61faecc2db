#pragma once

#include <array>
#include <cstdint>
#include <vector>

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

/// Whether the library takes images of this size: within the limits, and no tensor above 2^31 - 1 bytes.
bool supports(const Plan& plan, int64_t height, int64_t width);
/// What <name>_arena_size returns for a supported size: any alignment of the caller's memory is provided for.
int64_t arena_size(const Plan& plan, int64_t height, int64_t width);
/// Bytes of a block at an image size (height, width), as the generated driver computes them.
int64_t block_size(const Plan& plan, const Block& block, int64_t height, int64_t width);
/// Blocks, each after those below it.
std::vector<int> placement_order(const Plan& plan);
/// Offsets of all blocks, then the arena's size without the slack for alignment.
std::vector<int64_t> arena_offsets(const Plan& plan, int64_t height, int64_t width);
/// Bytes of a stored tensor with its border.
int64_t tensor_size(const Plan& plan, int tensor, int64_t height, int64_t width);

/// Bytes of the windows and scratch rows of all threads in a stage, as the generated lay_out adds them up.
int64_t windows_size(const Plan& plan, const Stage& stage, int64_t height, int64_t width);

}  // namespace qatc
