#pragma once

#include <Halide.h>

#include "lower/float_bounds.h"
#include "schedules/isa.h"

namespace qatc {

// What kernels are made of besides Halide's operators: the functions of lower/intrinsics/bitcode.h, which
// emit/llvm_module links in, or what does the same where there are none.

/// table[index]: uint8 `index` as unsigned, `table` the address of 256 bytes, aligned to 64.
Halide::Expr lookup(const Halide::Expr& index, const Halide::Expr& table);

/// saturate(round_half_even(value) + zero_point) in the storage type; `clamp`: |value| may be 2^15 and more.
Halide::Expr round_to_storage(Halide::Expr value, const Halide::Expr& zero_point, bool clamp, Isa isa);

/// round_to_storage of a double, |value| < 2^15, within `bounds`. A vector in whose lanes both bounds round to the same
/// integer does not compute `value`. Where: schedules/exact_rounding.h.
Halide::Expr round_between(const FloatBounds& bounds, const Halide::Expr& value, const Halide::Expr& zero_point,
                           Isa isa);

/// value / divisor, both float or both double, correctly rounded. `divisor` is the same in all lanes; nothing on the
/// way overflows or underflows (see lower/intrinsics/quotient_ir.h).
Halide::Expr quotient(const Halide::Expr& value, const Halide::Expr& divisor, Isa isa);

/// Byte `byte` % 4 of word `word` (four bytes) of pixel `byte` / 4, of pixels of `words` words, the first one at `address`
/// (uint64). In vectors: of 64 consecutive bytes. Where: schedules/pixel_lanes.h.
Halide::Expr pixel_word(int word, int words, const Halide::Expr& address, const Halide::Expr& byte);

}  // namespace qatc
