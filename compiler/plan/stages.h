#pragma once

#include <vector>

#include "plan/piece.h"
#include "plan/plan.h"

namespace qatc {

/// Fills the stages, kernels and statistics of a plan from its pieces, which come in an order in which they can run.
///
/// Pieces join a stage when that keeps a tensor out of memory: all its readers are in the stage, so its rows pass
/// through a window. Where several such choices exclude each other, the one that saves most memory traffic wins. Then
/// what is still stored but costs less to compute again than to write and read is computed by each stage that reads it:
/// values that are a table of another stored tensor, and small kernels of the image.
void make_stages(Plan& plan, std::vector<Piece> pieces, PieceMaker& maker);

}  // namespace qatc
