#pragma once

#include "plan/plan.h"

namespace qatc {

/// Decides who sums the rows that statistics are of: the kernel that computes them, as the last thing that it does, or,
/// where it cannot, a kernel that reads them again. Exact: the sums are integers, of the bytes as they are stored.
///
/// A kernel sums what one call of it stores in full. Rows that it computes ahead for a window and those of an upsampled
/// conv, which come in pairs, are summed by another; so is a tensor that a second norm reads.
void sum_in_kernels(Plan& plan);

}  // namespace qatc
