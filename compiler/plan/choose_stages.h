#pragma once

#include <vector>

#include "plan/arrangement.h"
#include "plan/piece.h"
#include "plan/plan.h"

namespace qatc {

/// Decides which pieces run as one stage.
///
/// Pieces join when that keeps a tensor out of memory: all its readers are in the stage, so its rows pass through a
/// window. Where such choices exclude each other, the one that saves most memory traffic wins. Then what is still
/// stored but costs less to compute again than to write and read is computed by each stage that reads it: values that
/// are a table of another stored tensor, and small kernels of the image. At last, tensors that could slide are stored
/// after all where the stage with most memory in use is better split there.
Arrangement choose_stages(const Plan& plan, const std::vector<Piece>& pieces, const PieceMaker& maker);

}  // namespace qatc
