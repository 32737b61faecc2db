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
  kX86Vnni,     // AVX-512 with VNNI and VBMI: vpdpbusd, vpermi2b
  kArmBase,     // smull + sadalp
  kArmDotprod,  // sdot by lane
};

inline bool is_arm(Isa isa) { return isa == Isa::kArmBase || isa == Isa::kArmDotprod; }
std::string_view isa_name(Isa isa);

/// How a conv is computed and its filter laid out.
struct ConvLayout {
  int64_t vector = 16;    // int32 lanes of one accumulator register
  int64_t reduction = 4;  // products summed per lane and instruction
  bool wide = false;      // the filter is stored as int16 and the input widened to it
};
/// `lanes`: out_channels * digits, a multiple of 4.
ConvLayout conv_layout(Isa isa, int64_t lanes);

/// What one iteration of a conv kernel's inner loops computes: `channels` output channels of `pixels` pixels, all of it
/// in registers.
struct KernelTile {
  int64_t channels = 4;
  int64_t pixels = 1;
};
KernelTile kernel_tile(Isa isa, const KernelSpec& spec);

/// Lanes whose filter values lie together: those of one tile, so that its loop reads one stream. Element (ci %
/// reduction, lane % block, ci / reduction, kx, ky, lane / block), innermost first.
int64_t filter_block(Isa isa, const KernelSpec& spec, const KernelConv& conv);

/// Bytes of a pixel's run (lower/buffer.h) loaded at once as one vector for dot products by lane (ARM); 0: each product
/// reads memory.
int64_t input_lane(Isa isa, int64_t run_length);

/// The vector width in bytes for kernels without a reduction.
int64_t byte_vector(Isa isa);

}  // namespace qatc
