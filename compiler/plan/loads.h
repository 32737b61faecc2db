#pragma once

#include "plan/plan.h"

namespace qatc {

/// Has kernels read the caller's 8-bit pixels themselves: a kernel of convs that alone reads a stage's window of the image
/// loads the rows of it. Exact: it looks up the same table. It leaves the codes in the window, of which the rows that it
/// reads again are a part; images that are not interleaved bytes are loaded there before it is called.
void load_in_kernels(Plan& plan);

/// The call of a stage whose kernel loads rows of the image; or nullptr. There is one at most: it alone reads the window.
const KernelCall* loading_call(const Plan& plan, const Stage& stage);

}  // namespace qatc
