#pragma once

#include "plan/kernel.h"
#include "schedules/isa.h"

namespace qatc {

/// Whether exact rounding of a step computes floats around its value first (lower/float_bounds.h). Not where the value
/// is clamped, affine steps among them: float may overflow there; nor of digits, whose sums are beyond int32; nor of
/// convs on ARM64, where two floats take as many instructions as a double. Where ties are frequent it is slower than
/// doubles alone.
bool rounds_between(const KernelSpec& spec, const KernelStep& step, Isa isa);

}  // namespace qatc
