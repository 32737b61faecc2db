#pragma once

#include "schedules/isa.h"

namespace llvm {
class Module;
}

namespace qatc {

/// What is left to do on the LLVM module that Halide made of a kernel, before it becomes machine code: the vector forms
/// of qatc_lookup (schedules/intrinsics_bitcode.h) are linked in, matrix products are expanded (emit/matrix_product.h),
/// and the instruction set is made exactly that of `isa`.
void finish_module(llvm::Module& code, Isa isa);

}  // namespace qatc
