#pragma once

#include "lower/intrinsics/ir_text.h"

namespace qatc {

/// qatc_pixel_word<K>of<N>: uint8 qatc_pixel_wordKofN(uint64 address, int32 byte). Of pixels of N words of four bytes, the
/// first one at `address`: byte % 4 of word K of pixel byte / 4. The vector form is for 64 consecutive bytes, which are a
/// word of 16 pixels. All N words of them are what one transposition has: LLVM finds the shuffles that the forms have in
/// common.
///
/// AVX-512 only: see schedules/pixel_lanes.h.
void write_pixel_word_ir(IrIsa isa);

}  // namespace qatc
