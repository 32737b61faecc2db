#include "lower/intrinsics/bitcode.h"

#include "support/error.h"

// bitcode_data.S includes the bitcode files.
extern "C" {
extern const uint8_t qatc_intrinsics_sse2_begin[], qatc_intrinsics_sse2_end[];
extern const uint8_t qatc_intrinsics_avx2_begin[], qatc_intrinsics_avx2_end[];
extern const uint8_t qatc_intrinsics_avx512vnni_begin[], qatc_intrinsics_avx512vnni_end[];
extern const uint8_t qatc_intrinsics_neon_begin[], qatc_intrinsics_neon_end[];
}

namespace qatc {

std::vector<uint8_t> intrinsics_bitcode(Isa isa) {
  switch (isa) {
    case Isa::kX86Base:
      return {qatc_intrinsics_sse2_begin, qatc_intrinsics_sse2_end};
    case Isa::kX86AvxVnni:
    case Isa::kX86Avx2:
      return {qatc_intrinsics_avx2_begin, qatc_intrinsics_avx2_end};
    case Isa::kX86Vnni:
      return {qatc_intrinsics_avx512vnni_begin, qatc_intrinsics_avx512vnni_end};
    case Isa::kArmBase:
    case Isa::kArmDotprod:
    case Isa::kArmI8mm:
      return {qatc_intrinsics_neon_begin, qatc_intrinsics_neon_end};
  }
  QATC_CHECK(false, "unknown instruction set");
}

}  // namespace qatc
