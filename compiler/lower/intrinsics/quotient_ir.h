#pragma once

#include "lower/intrinsics/ir_text.h"

namespace qatc {

/// qatc_quotient, qatc_quotient_double: value / divisor, correctly rounded, by a product and four fused multiply-adds in
/// place of a division. The product with the rounded reciprocal is within two units in the last place, one refinement
/// makes it faithful, and from a faithful quotient and a correctly rounded reciprocal the next one is correctly rounded.
/// Nothing overflows or underflows: values are products of a few floats and integers, or floats of a limited range.
/// Source: P. Markstein, Computation of elementary functions on the IBM RISC System/6000 processor, IBM Journal of
/// Research and Development 34 (1990).
///
/// Of x86 with fused multiply-adds only: has_fast_quotient in schedules/isa.h. Of vectors, @llvm.fma is declared already.
void write_quotient_ir(IrIsa isa);

}  // namespace qatc
