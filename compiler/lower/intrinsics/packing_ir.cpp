#include "lower/intrinsics/packing_ir.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace qatc {

namespace {

/// The functions by which ARM64 packs, with x86's names for arguments.
void define_neon_packing() {
  std::puts(R"(declare <8 x i8> @llvm.aarch64.neon.sqxtn.v8i8(<8 x i16>)
define internal <8 x i16> @qatc_int16(<4 x i32> %a, <4 x i32> %b) alwaysinline nounwind readnone {
  %wide = shufflevector <4 x i32> %a, <4 x i32> %b, <8 x i32> <i32 0, i32 1, i32 2, i32 3, i32 4, i32 5, i32 6, i32 7>
  %result = trunc <8 x i32> %wide to <8 x i16>
  ret <8 x i16> %result
}
define internal <16 x i8> @qatc_int8(<8 x i16> %a, <8 x i16> %b) alwaysinline nounwind readnone {
  %low = call <8 x i8> @llvm.aarch64.neon.sqxtn.v8i8(<8 x i16> %a)
  %high = call <8 x i8> @llvm.aarch64.neon.sqxtn.v8i8(<8 x i16> %b))");
  std::printf("  %%result = shufflevector <8 x i8> %%low, <8 x i8> %%high, %s\n  ret <16 x i8> %%result\n}\n",
              indices(16, [](int i) { return i; }).c_str());
}

}  // namespace

PackInstructions pack_instructions(IrIsa isa) {
  switch (isa) {
    case IrIsa::kAvx512Vnni:
      return {16, "@llvm.x86.avx512.mask.cvtps2dq.512", "@llvm.x86.avx512.packssdw.512",
              "@llvm.x86.avx512.packuswb.512"};
    case IrIsa::kAvx2:
      return {8, "@llvm.x86.avx.cvt.ps2dq.256", "@llvm.x86.avx2.packssdw", "@llvm.x86.avx2.packuswb"};
    case IrIsa::kSse2:
      return {4, "@llvm.x86.sse2.cvtps2dq", "@llvm.x86.sse2.packssdw.128", "@llvm.x86.sse2.packuswb.128"};
    case IrIsa::kNeon:
      return {4, "@llvm.aarch64.neon.fcvtns.v4i32.v4f32", "@qatc_int16", "@qatc_int8"};
  }
  std::abort();
}

void declare_packing(IrIsa isa) {
  if (isa == IrIsa::kNeon) {
    define_neon_packing();
    return;
  }
  const PackInstructions pack = pack_instructions(isa);
  const int v = pack.lanes;
  std::printf("declare %s %s(%s, %s)\n", typed(2 * v, "i16").c_str(), pack.to_int16, typed(v, "i32").c_str(),
              typed(v, "i32").c_str());
  std::printf("declare %s %s(%s, %s)\n", typed(4 * v, "i8").c_str(), pack.to_byte, typed(2 * v, "i16").c_str(),
              typed(2 * v, "i16").c_str());
}

std::string in_register(const std::string& name, int group, int reg) {
  return name + std::to_string(group) + "_" + std::to_string(reg);
}

// packssdw and packuswb work within 128 bits: of registers a, b, c, d they leave a0-3 b0-3 c0-3 d0-3 a4-7 b4-7 ... Four
// registers at a time become one of bytes, which one shuffle of 32-bit lanes puts in order.
void return_packed(const Packing& packing) {
  const int lanes = packing.lanes;
  const int v = packing.by.lanes;
  const int group = packing.group_lanes();
  const int groups = packing.groups();
  std::printf("  %%zero0 = insertelement %s undef, i16 %%zero_point, i64 0\n", typed(2 * v, "i16").c_str());
  std::printf("  %%zero = shufflevector %s %%zero0, %s undef, %s\n", typed(2 * v, "i16").c_str(),
              typed(2 * v, "i16").c_str(), indices(2 * v, [](int) { return 0; }).c_str());
  const auto integers = [&](int g, int r) {
    return packing.is_used(g, r) ? "%" + in_register("rounded_", g, r) : std::string("undef");
  };
  std::string joined;
  for (int g = 0; g < groups; ++g) {
    for (int h = 0; h < 2; ++h) {
      std::printf("  %%w%d_%d = call %s %s(%s %s, %s %s)\n", g, h, typed(2 * v, "i16").c_str(), packing.by.to_int16,
                  typed(v, "i32").c_str(), integers(g, 2 * h).c_str(), typed(v, "i32").c_str(),
                  integers(g, 2 * h + 1).c_str());
      std::printf("  %%z%d_%d = call %s @llvm.sadd.sat.v%di16(%s %%w%d_%d, %s %%zero)\n", g, h,
                  typed(2 * v, "i16").c_str(), 2 * v, typed(2 * v, "i16").c_str(), g, h, typed(2 * v, "i16").c_str());
    }
    std::printf("  %%b%d = call %s %s(%s %%z%d_0, %s %%z%d_1)\n", g, typed(group, "i8").c_str(), packing.by.to_byte,
                typed(2 * v, "i16").c_str(), g, typed(2 * v, "i16").c_str(), g);
    // Byte k comes from lane k % v of register k / v.
    const std::string bytes = typed(group, "i8");
    const int kept = std::min(group, lanes - g * group);
    const auto place = [&](int k) { return k >= kept ? -1 : k % v / 4 * 16 + k / v * 4 + k % 4; };
    std::printf("  %%o%d = shufflevector %s %%b%d, %s undef, %s\n", g, bytes.c_str(), g, bytes.c_str(),
                indices(groups == 1 ? lanes : group, place).c_str());
    if (g == 0) {
      joined = "%o0";
      continue;
    }
    const int so_far = g * group;
    std::printf("  %%e%d = shufflevector %s %%o%d, %s undef, %s\n", g, bytes.c_str(), g, bytes.c_str(),
                indices(so_far, [&](int k) { return k < kept ? k : -1; }).c_str());
    std::printf("  %%j%d = shufflevector %s %s, %s %%e%d, %s\n", g, typed(so_far, "i8").c_str(), joined.c_str(),
                typed(so_far, "i8").c_str(), g,
                indices(std::min(so_far + group, lanes), [](int k) { return k; }).c_str());
    joined = "%j" + std::to_string(g);
  }
  std::printf("  ret %s %s\n}\n", typed(lanes, "i8").c_str(), joined.c_str());
}

}  // namespace qatc
