#pragma once

#include <cstdint>
#include <vector>

#include "schedules/isa.h"

namespace qatc {

/// LLVM bitcode with qatc_lookup for `isa` and the object format of `apple` or all others (see
/// make_lookup_ir.cpp), built into this binary.
std::vector<uint8_t> lookup_bitcode(Isa isa, bool apple);

}  // namespace qatc
