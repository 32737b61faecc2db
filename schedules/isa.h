#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "plan/kernel.h"

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

/// How a conv is computed and its filter laid out.
struct ConvLayout {
  int64_t vector = 16;    // int32 lanes of an accumulator
  int64_t registers = 1;  // that hold those: more than one where a register of filter bytes serves them
  int64_t reduction = 4;  // products summed per lane and instruction
  int64_t terms = 1;      // such sums that are added in int16 before they go into the accumulator
  bool wide = false;      // the filter is stored as int16 and the input widened to it
  bool matrix = false;    // has_matrix_products()
};
/// With the widest vectors; a schedule may ask for narrower ones: conv_layout() in schedules/kernel_schedule.h.
/// `lanes`: a multiple of 4, see conv_lanes() there.
ConvLayout conv_layout(Isa isa, int64_t lanes);

/// Channels that are summed as one vector of int32; `channels`: a multiple of 4.
int64_t channel_sums_vector(Isa isa, int64_t channels);

/// The vector width in bytes for kernels without a reduction.
int64_t byte_vector(Isa isa);

}  // namespace qatc
