#pragma once

#include <functional>
#include <string>

#include "lower/intrinsics/ir_text.h"

namespace qatc {

// Vectors of integers, saturated to bytes: what all rounding ends with.

/// By which an instruction set converts and packs, saturating; x86 packs 32-bit lanes pairwise.
struct PackInstructions {
  int lanes;  // of one int32 register
  const char *to_int32, *to_int16, *to_byte;
};
PackInstructions pack_instructions(IrIsa isa);

/// Declares to_int16 and to_byte; on ARM64 defines them.
void declare_packing(IrIsa isa);

/// How vectors of `lanes` integers are packed: four registers, a group, become one of bytes.
struct Packing {
  int lanes;
  PackInstructions by;

  int group_lanes() const { return 4 * by.lanes; }
  int groups() const { return (lanes + group_lanes() - 1) / group_lanes(); }
  int first_lane(int group, int reg) const { return group * group_lanes() + reg * by.lanes; }
  bool is_used(int group, int reg) const { return first_lane(group, reg) < lanes; }
  void for_used_registers(const std::function<void(int group, int reg)>& print) const {
    for (int g = 0; g < groups(); ++g) {
      for (int r = 0; r < 4 && is_used(g, r); ++r) print(g, r);
    }
  }
};

/// "<name>1_2", for what register 2 of group 1 holds.
std::string in_register(const std::string& name, int group, int reg);

/// Ends a function: it returns the integers %rounded_G_R plus %zero_point, saturated to bytes.
void return_packed(const Packing& packing);

}  // namespace qatc
