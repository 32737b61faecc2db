#pragma once

#include "schedules/isa.h"

namespace llvm {
class Module;
}

namespace qatc {

/// What is left to do on the LLVM module that Halide made of a kernel, before it becomes machine code: the functions that
/// it calls are linked in (lower/intrinsics/bitcode.h), matrix products and products of byte pairs become instructions
/// (emit/matrix_product.h, emit/byte_products.h), tables are loaded where registers last, and the instruction set is made
/// exactly that of `isa`.
void finish_module(llvm::Module& code, Isa isa);

}  // namespace qatc
