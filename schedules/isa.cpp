#include "schedules/isa.h"

#include <algorithm>

#include "support/error.h"

namespace qatc {

namespace {

/// Accumulator registers a tile may hold so that operands still fit: found by reading the generated code for spills.
int64_t accumulator_budget(Isa isa) {
  switch (isa) {
    case Isa::kX86Vnni:
      return 24;
    case Isa::kX86Avx2:
    case Isa::kX86Base:
      return 12;
    case Isa::kArmDotprod:
      return 20;
    case Isa::kArmBase:
      return 16;
  }
  QATC_CHECK(false, "unknown instruction set");
}

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

KernelTile kernel_tile(Isa isa, const KernelSpec& spec) {
  KernelTile tile;
  const ConvLayout layout = conv_layout(isa, spec.out_channels);
  int64_t digits = 1;
  for (const KernelConv& conv : spec.convs) digits = std::max<int64_t>(digits, conv.digits);
  const int64_t budget = accumulator_budget(isa);
  if (digits > 1) {
    // The digits of one channel must meet in one tile.
    tile.channels = spec.out_channels;
    const ConvLayout lanes = conv_layout(isa, spec.out_channels * digits);
    tile.pixels = std::clamp<int64_t>(budget / (spec.out_channels * digits / lanes.vector), 1, 12);
    return tile;
  }
  const int64_t vectors = spec.out_channels / layout.vector;
  const int64_t most = is_arm(isa) ? 5 : layout.vector == 16 ? 4 : 3;
  int64_t chosen = 1;
  for (int64_t v = 1; v <= std::min(most, vectors); ++v) {
    if (vectors % v == 0 && v * layout.vector <= 64) chosen = v;
  }
  tile.channels = chosen * layout.vector;
  tile.pixels = std::clamp<int64_t>(budget / chosen, 1, 12);
  return tile;
}

int64_t filter_block(Isa isa, const KernelSpec& spec, const KernelConv& conv) {
  return kernel_tile(isa, spec).channels * conv.digits;
}

int64_t input_lane(Isa isa, int64_t run_length) {
  if (isa != Isa::kArmDotprod) return 0;
  return run_length % 16 == 0 ? 16 : run_length % 8 == 0 ? 8 : 4;
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
