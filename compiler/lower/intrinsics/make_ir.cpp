// Writes LLVM IR for the functions that kernels call (lower/intrinsics.h), in scalar form and, as NAMExN, for vectors of N
// lanes. Vectors this wide have no direct calling convention in C, hence IR.
//
// usage: make_intrinsics_ir ISA LLVM_MAJOR > intrinsics_ISA.ll
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

#include "lower/intrinsics/ir_text.h"
#include "lower/intrinsics/lookup_ir.h"
#include "lower/intrinsics/pixel_word_ir.h"
#include "lower/intrinsics/quotient_ir.h"
#include "lower/intrinsics/round_ir.h"

namespace {

using qatc::IrIsa;

void declare_vector_fmas(IrIsa isa) {
  if (!has_fma(isa)) return;
  for (const char* element : {"float", "double"}) {
    if (isa == IrIsa::kNeon && element == std::string("double")) continue;
    for (int lanes = qatc::kLaneStep; lanes <= qatc::kMostLanes; lanes += qatc::kLaneStep) {
      qatc::declare_fma(lanes, element);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::map<std::string, IrIsa> isas{
      {"sse2", IrIsa::kSse2}, {"avx2", IrIsa::kAvx2}, {"avx512vnni", IrIsa::kAvx512Vnni}, {"neon", IrIsa::kNeon}};
  const auto found = isas.find(argc == 3 ? argv[1] : "");
  if (found == isas.end()) {
    std::fputs("usage: make_intrinsics_ir sse2|avx2|avx512vnni|neon LLVM_MAJOR\n", stderr);
    return 2;
  }
  const IrIsa isa = found->second;
  qatc::set_llvm_major(std::atoi(argv[2]));
  write_lookup_ir(isa);
  write_round_ir(isa);
  declare_vector_fmas(isa);
  write_quotient_ir(isa);
  write_pixel_word_ir(isa);
  // Tables are constants: loads of one may be merged across stores.
  std::puts("!9 = !{}");
  // What __builtin_expect says: the first way is unlikely.
  std::puts("!0 = !{!\"branch_weights\", i32 1, i32 2000}");
  return 0;
}
