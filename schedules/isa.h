#pragma once

#include <cstdint>
#include <string_view>

namespace qatc {

/// The instruction sets a schedule template is written for; what is known about each is in isas.def.
enum class Isa : uint8_t {
#define QATC_ISA(isa, ...) isa,
#include "schedules/isas.def"
#undef QATC_ISA
};

/// Those of an architecture best first.
inline constexpr Isa kAllIsas[] = {
#define QATC_ISA(isa, ...) Isa::isa,
#include "schedules/isas.def"
#undef QATC_ISA
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
/// The words, with dashes between them, that follow the platform in a target's name to choose `isa`; none for a base.
std::string_view target_features(Isa isa);
/// Those that may be there, too.
std::string_view implied_features(Isa isa);
/// The qatc_cpu_feature (qatc_runtime.h) that code for `isa` needs the CPU to have; 0: none.
uint32_t required_features(Isa isa);
/// Its name there: `QATC_CPU_AVX2`.
std::string_view required_feature_name(Isa isa);

/// Lanes of the widest vector of int32 that the instruction set is fastest with and that divides `lanes`, a multiple of 4:
/// no lane is ever computed in vain.
int64_t int32_vector(Isa isa, int64_t lanes);

/// Vector registers.
int64_t vector_registers(Isa isa);

/// Accumulator registers a tile may hold so that operands still fit.
int64_t accumulator_budget(Isa isa);

/// Channels that are summed as one vector of int32; `channels`: a multiple of 4.
int64_t channel_sums_vector(Isa isa, int64_t channels);

/// The vector width in bytes for kernels without a reduction.
int64_t byte_vector(Isa isa);

}  // namespace qatc
