#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace qatc {

// What the writers of IR in this folder share. They print to stdout.

/// One a file of bitcode, which serves all instruction sets of schedules/isa.h that have these instructions (bitcode.cpp).
enum class IrIsa : uint8_t { kSse2, kAvx2, kAvx512Vnni, kNeon };

bool has_fma(IrIsa isa);

/// Vector forms have 4, 8, 12, ... 64 lanes.
inline constexpr int kLaneStep = 4;
inline constexpr int kMostLanes = 64;

/// To be called before anything is printed.
void set_llvm_major(int major);

/// "ptr", or "TYPE*" before LLVM 15.
std::string pointer_to(const std::string& type);

/// "<4 x i8>"
std::string typed(int lanes, const std::string& element);

/// "<2 x i32> <i32 1, i32 undef>", the mask of a shufflevector: index(i) for i in [0, count), undef where negative.
std::string indices(int count, const std::function<int(int)>& index);

/// "<float 1.0, float 1.0>", without the type.
std::string splat(int lanes, const std::string& element, const std::string& value);

/// Of the intrinsic @llvm.fma: "v4f32"; of one lane "f32".
std::string fma_suffix(int lanes, const std::string& element);
void declare_fma(int lanes, const std::string& element);

}  // namespace qatc
