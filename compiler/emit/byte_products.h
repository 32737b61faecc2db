#pragma once

namespace llvm {
class Module;
}

namespace qatc {

/// Without dot product (ARM64), a kernel multiplies filter bytes by pairs of input bytes that fill a vector (`dup`),
/// half a vector at a time. LLVM would take the upper half of such a vector from the pair, which is not the upper half
/// of a register to it, and so miss smull2 and smlal2: makes the vectors opaque. To be called last; changes no value.
void keep_product_operands_whole(llvm::Module& code);

}  // namespace qatc
