#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace qatc {

/// The instruction sets a schedule template is written for.
enum class Isa : uint8_t {
  kX86Base,     // SSE2: pmaddwd on widened bytes
  kX86Avx2,     // vpmaddwd on ymm
  kX86AvxVnni,  // AVX2 with AVX-VNNI: vpdpbusd on ymm
  kX86Vnni,     // AVX-512 with VNNI and VBMI: vpdpbusd, vpermi2b
  kArmBase,     // smull + smlal + sadalp
  kArmDotprod,  // sdot by lane
  kArmI8mm,     // dot products and smmla
};
inline constexpr std::array kEveryIsa{Isa::kX86Base, Isa::kX86Avx2,    Isa::kX86AvxVnni, Isa::kX86Vnni,
                                      Isa::kArmBase, Isa::kArmDotprod, Isa::kArmI8mm};

bool is_arm(Isa isa);
/// Whether divisions of floats and doubles are made of fused multiply-adds (lower/intrinsics/quotient_ir.h).
bool has_fast_quotient(Isa isa);
/// Whether a vector of bytes is looked up in a table of 256 faster than byte by byte: vpermi2b, tbl.
bool has_fast_lookup(Isa isa);
/// Whether one instruction sums four products of bytes: vpdpbusd, sdot.
bool has_dot_product(Isa isa);
/// Whether convs are products of 2 x 2 matrices: smmla (lower/matrix_conv.h).
bool has_matrix_products(Isa isa);
/// As users write it: `base`, `avx2`, `avxvnni`, `avx512vnni`, `dotprod`, `i8mm`.
std::string_view isa_name(Isa isa);

/// Lanes of the widest vector of int32 that the instruction set is fastest with and that divides `lanes`, a multiple of 4:
/// no lane is ever computed in vain.
int64_t int32_vector(Isa isa, int64_t lanes);

/// Accumulator registers a tile may hold so that operands still fit: found by reading the generated code for spills.
int64_t accumulator_budget(Isa isa);

/// Channels that are summed as one vector of int32; `channels`: a multiple of 4.
int64_t channel_sums_vector(Isa isa, int64_t channels);

/// The vector width in bytes for kernels without a reduction.
int64_t byte_vector(Isa isa);

}  // namespace qatc
