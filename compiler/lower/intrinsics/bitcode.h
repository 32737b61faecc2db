#pragma once

#include <string_view>

#include "schedules/isa.h"

namespace qatc {

/// LLVM bitcode with qatc_lookup and the like for `isa` (see make_ir.cpp), built into this binary. Without data layout and
/// triple, which are those of the module it is linked into.
std::string_view intrinsics_bitcode(Isa isa);

}  // namespace qatc
