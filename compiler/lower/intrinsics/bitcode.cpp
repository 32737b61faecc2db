#include "lower/intrinsics/bitcode.h"

#include "support/embedded.h"
#include "support/error.h"

namespace qatc {

std::string_view intrinsics_bitcode(Isa isa) {
  switch (isa) {
    case Isa::kX86Base:
      return embedded_file("intrinsics_sse2.bc");
    case Isa::kX86AvxVnni:
    case Isa::kX86Avx2:
      return embedded_file("intrinsics_avx2.bc");
    case Isa::kX86Vnni:
      return embedded_file("intrinsics_avx512vnni.bc");
    case Isa::kArmBase:
    case Isa::kArmDotprod:
    case Isa::kArmI8mm:
      return embedded_file("intrinsics_neon.bc");
  }
  QATC_CHECK(false, "unknown instruction set");
}

}  // namespace qatc
