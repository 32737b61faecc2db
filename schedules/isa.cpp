#include "schedules/isa.h"

#include "support/error.h"

namespace qatc {

namespace {

int64_t widest_int32_vector(Isa isa) {
  switch (isa) {
    case Isa::kX86Vnni:
      return 16;
    case Isa::kX86AvxVnni:
    case Isa::kX86Avx2:
    case Isa::kArmBase:
      return 8;
    default:
      return 4;
  }
}

}  // namespace

bool is_arm(Isa isa) { return isa == Isa::kArmBase || isa == Isa::kArmDotprod || isa == Isa::kArmI8mm; }

bool has_fast_quotient(Isa isa) { return isa == Isa::kX86Avx2 || isa == Isa::kX86AvxVnni || isa == Isa::kX86Vnni; }

bool has_fast_lookup(Isa isa) { return isa == Isa::kX86Vnni || is_arm(isa); }

bool has_dot_product(Isa isa) {
  return isa == Isa::kX86AvxVnni || isa == Isa::kX86Vnni || isa == Isa::kArmDotprod || isa == Isa::kArmI8mm;
}

bool has_matrix_products(Isa isa) { return isa == Isa::kArmI8mm; }

std::string_view isa_name(Isa isa) {
  switch (isa) {
    case Isa::kX86Base:
    case Isa::kArmBase:
      return "base";
    case Isa::kX86Avx2:
      return "avx2";
    case Isa::kX86AvxVnni:
      return "avxvnni";
    case Isa::kX86Vnni:
      return "avx512vnni";
    case Isa::kArmDotprod:
      return "dotprod";
    case Isa::kArmI8mm:
      return "i8mm";
  }
  QATC_CHECK(false, "unknown instruction set");
}

int64_t int32_vector(Isa isa, int64_t lanes) {
  int64_t vector = widest_int32_vector(isa);
  // At the latest this ends at 4.
  while (lanes % vector != 0) vector /= 2;
  return vector;
}

int64_t accumulator_budget(Isa isa) {
  switch (isa) {
    case Isa::kX86Vnni:
      return 24;
    case Isa::kX86AvxVnni:
    case Isa::kX86Avx2:
    case Isa::kX86Base:
      return 12;
    case Isa::kArmDotprod:
    case Isa::kArmI8mm:
      return 21;
    case Isa::kArmBase:
      return 16;
  }
  QATC_CHECK(false, "unknown instruction set");
}

int64_t channel_sums_vector(Isa isa, int64_t channels) {
  // ARM64 widens eight bytes at once.
  if (is_arm(isa)) return channels % 8 == 0 ? 8 : 4;
  return int32_vector(isa, channels);
}

int64_t byte_vector(Isa isa) {
  switch (isa) {
    case Isa::kX86Vnni:
      return 64;
    case Isa::kX86AvxVnni:
    case Isa::kX86Avx2:
      return 32;
    default:
      return 16;
  }
}

}  // namespace qatc
