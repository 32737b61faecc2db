#pragma once

#include "lower/intrinsics/ir_text.h"

namespace qatc {

/// qatc_round(zero_point, value), qatc_round_double: the byte saturate(round_half_even(value) + int16 zero_point) of a
/// float or a double, |value| < 2^15; uint8 for x86, int8 for ARM64.
/// qatc_round_between(zero_point, x, factor, low, high, value): the same of a double between x * factor + low and
/// x * factor + high.
void write_round_ir(IrIsa isa);

}  // namespace qatc
