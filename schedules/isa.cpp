#include "schedules/isa.h"

#include "support/error.h"

namespace qatc {

namespace {

int64_t widest_int32_vector(Isa isa) {
  switch (isa) {
    case Isa::kX86Vnni:
      return 16;
    case Isa::kX86Avx2:
      return 8;
    default:
      return 4;
  }
}

}  // namespace

std::string_view isa_name(Isa isa) {
  switch (isa) {
    case Isa::kX86Base:
      return "sse2";
    case Isa::kX86Avx2:
      return "avx2";
    case Isa::kX86Vnni:
      return "avx512vnni";
    case Isa::kArmBase:
      return "neon";
    case Isa::kArmDotprod:
      return "neon_dotprod";
  }
  QATC_CHECK(false, "unknown instruction set");
}

ConvLayout conv_layout(Isa isa, int64_t lanes) {
  ConvLayout layout;
  layout.vector = widest_int32_vector(isa);
  // Lanes are a multiple of 4, so this ends at a vector that divides them: no lane is ever computed in vain.
  while (lanes % layout.vector != 0) layout.vector /= 2;
  const bool dot_product = isa == Isa::kX86Vnni || isa == Isa::kArmDotprod;
  layout.reduction = dot_product ? 4 : 2;
  layout.wide = isa == Isa::kX86Base || isa == Isa::kX86Avx2;
  return layout;
}

int64_t byte_vector(Isa isa) {
  switch (isa) {
    case Isa::kX86Vnni:
      return 64;
    case Isa::kX86Avx2:
      return 32;
    default:
      return 16;
  }
}

}  // namespace qatc
