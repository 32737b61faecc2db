#pragma once

#include "plan/plan.h"

namespace qatc {

/// Lets calls compute the rows of a band as one long row, and gives their tensors the gaps that this takes. A tile that is
/// wider than what is left of a row computes pixels twice: rows of 13 pixels in tiles of 12 take as long as 24. The rows
/// of a band together leave one such rest, and the pixels between them. The driver decides at each image size
/// (qatc_flatten_rows), as the tile's width is the instruction set's.
///
/// Exact: such a kernel reads every tensor at its output's own pixel or at fixed distances from it, so the address of
/// all that it reads and writes is linear in y * pitch + x, where the pitch is a tensor's pixels from one row to the
/// next. Where all of its tensors have the same pitch, pixel (y, pitch + x) is pixel (y + 1, x) for each of them.
///
/// Whatever it touches lies between what it touches for the band's first pixel and for its last, so in the rows that the
/// band reads and writes anyway, which for an output are those of one thread. What it writes between them lies in gaps,
/// which nobody uses, and in borders, which are filled afterwards: a stored tensor's are then filled in any case, a
/// window's the driver fills again.
void flatten_rows(Plan& plan);

}  // namespace qatc
