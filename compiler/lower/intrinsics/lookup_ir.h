#pragma once

#include "lower/intrinsics/ir_text.h"

namespace qatc {

/// qatc_lookup(table, index): an entry of a table of 256 bytes.
void write_lookup_ir(IrIsa isa);

}  // namespace qatc
