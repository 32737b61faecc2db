#pragma once

namespace llvm {
class Module;
}

namespace qatc {

/// Puts instructions in the place of the calls that stand for matrix products (lower/matrix_conv.h): smmla, and loads
/// of any alignment. Sums that are taken out of their pairs are moved as vectors. Returns whether there were any.
bool expand_matrix_products(llvm::Module& code);

/// Stores that interleave 64-bit words of two vectors become st2, loads of pairs of sums that are taken apart ld2. For
/// code that nothing simplifies any more.
void interleave_accesses(llvm::Module& code);

}  // namespace qatc
