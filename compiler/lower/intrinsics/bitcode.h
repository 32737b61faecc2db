#pragma once

#include <cstdint>
#include <vector>

#include "schedules/isa.h"

namespace qatc {

/// LLVM bitcode with qatc_lookup and the like for `isa` (see make_ir.cpp), built into this binary. Without data layout and
/// triple, which are those of the module it is linked into.
std::vector<uint8_t> intrinsics_bitcode(Isa isa);

}  // namespace qatc
