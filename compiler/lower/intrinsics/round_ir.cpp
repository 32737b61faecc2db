#include "lower/intrinsics/round_ir.h"

#include <algorithm>
#include <cstdio>
#include <string>

#include "lower/intrinsics/packing_ir.h"

namespace qatc {

namespace {

/// %<name>G_R = the floats %<value>, rounded.
void round_floats(const Packing& packing, const std::string& name, const char* value) {
  const int v = packing.by.lanes;
  const std::string floats = typed(packing.lanes, "float");
  packing.for_used_registers([&](int g, int r) {
    const int first = packing.first_lane(g, r);
    const std::string part = in_register(name + "float", g, r);
    std::printf("  %%%s = shufflevector %s %%%s, %s undef, %s\n", part.c_str(), floats.c_str(), value, floats.c_str(),
                indices(v, [&](int i) { return first + i < packing.lanes ? first + i : -1; }).c_str());
    std::printf("  %%%s = call %s %s(%s %%%s%s)\n", in_register(name, g, r).c_str(), typed(v, "i32").c_str(),
                packing.by.to_int32, typed(v, "float").c_str(), part.c_str(),
                v == 16 ? ", <16 x i32> undef, i16 -1, i32 4" : "");
  });
}

/// The same of doubles: adding 1.5 * 2^52 leaves the rounded integer in the low half of every double.
void round_doubles(const Packing& packing, const std::string& name, const char* value) {
  const std::string doubles = typed(packing.lanes, "double");
  const std::string halves = typed(2 * packing.lanes, "i32");
  const char* n = name.c_str();
  std::printf("  %%%ssum = fadd %s %%%s, %s\n", n, doubles.c_str(), value,
              splat(packing.lanes, "double", "0x4338000000000000").c_str());
  std::printf("  %%%shalves = bitcast %s %%%ssum to %s\n", n, doubles.c_str(), n, halves.c_str());
  packing.for_used_registers([&](int g, int r) {
    const int first = packing.first_lane(g, r);
    std::printf("  %%%s = shufflevector %s %%%shalves, %s undef, %s\n", in_register(name, g, r).c_str(), halves.c_str(),
                n, halves.c_str(), indices(packing.by.lanes, [&](int i) {
                                     return first + i < packing.lanes ? 2 * (first + i) : -1;
                                   }).c_str());
  });
}

void round_form(int lanes, IrIsa isa, const std::string& element) {
  const Packing packing{lanes, pack_instructions(isa)};
  const bool is_double = element == "double";
  std::printf("define weak_odr %s @qatc_round%sx%d(i16 %%zero_point, %s %%value) alwaysinline nounwind readnone {\n",
              typed(lanes, "i8").c_str(), is_double ? "_double" : "", lanes, typed(lanes, element).c_str());
  if (is_double) {
    round_doubles(packing, "rounded_", "value");
  } else {
    round_floats(packing, "rounded_", "value");
  }
  return_packed(packing);
}

/// %NAME = %x * %factor + %ADDEND, fused where there is such an instruction: the bounds allow for both.
void multiply_add(int lanes, bool is_fused, const char* name, const char* addend) {
  const std::string type = typed(lanes, "float");
  const char* t = type.c_str();
  if (is_fused) {
    std::printf("  %%%s = call %s @llvm.fma.%s(%s %%x, %s %%factor, %s %%%s)\n", name, t,
                fma_suffix(lanes, "float").c_str(), t, t, t, addend);
  } else {
    std::printf("  %%%s_product = fmul %s %%x, %%factor\n  %%%s = fadd %s %%%s_product, %%%s\n", name, t, name, t, name,
                addend);
  }
}

/// Where x * factor + low and x * factor + high round to the same integer in all lanes, so does %value between them;
/// else, which is rare, %value is rounded. LLVM sinks what gives it into that branch, and the branch out of loops.
void round_between_form(int lanes, IrIsa isa) {
  const Packing packing{lanes, pack_instructions(isa)};
  const int v = packing.by.lanes;
  const std::string floats = typed(lanes, "float");
  const std::string integers = typed(v, "i32");
  const char* f = floats.c_str();
  std::printf(
      "define weak_odr %s @qatc_round_betweenx%d(i16 %%zero_point, %s %%x, %s %%factor, %s %%low, %s %%high, %s "
      "%%value) alwaysinline nounwind readnone {\nentry:\n",
      typed(lanes, "i8").c_str(), lanes, f, f, f, f, typed(lanes, "double").c_str());
  multiply_add(lanes, has_fma(isa), "lower", "low");
  multiply_add(lanes, has_fma(isa), "upper", "high");
  round_floats(packing, "lower_", "lower");
  round_floats(packing, "upper_", "upper");
  std::string any;
  packing.for_used_registers([&](int g, int r) {
    const std::string differ = in_register("differ_", g, r);
    std::printf("  %%%s = xor %s %%%s, %%%s\n", differ.c_str(), integers.c_str(), in_register("lower_", g, r).c_str(),
                in_register("upper_", g, r).c_str());
    // Lanes behind the last are undefined and must not decide a branch.
    const std::string kept = in_register("kept_", g, r);
    const int lanes_here = std::min(v, lanes - packing.first_lane(g, r));
    std::printf("  %%%s = shufflevector %s %%%s, %s zeroinitializer, %s\n", kept.c_str(), integers.c_str(),
                differ.c_str(), integers.c_str(), indices(v, [&](int i) { return i < lanes_here ? i : v; }).c_str());
    const std::string so_far = any.empty() ? kept : in_register("any_", g, r);
    if (!any.empty()) {
      std::printf("  %%%s = or %s %%%s, %%%s\n", so_far.c_str(), integers.c_str(), any.c_str(), kept.c_str());
    }
    any = so_far;
  });
  if (isa == IrIsa::kNeon) {
    std::printf("  %%bits = call i32 @llvm.vector.reduce.umax.v%di32(%s %%%s)\n", v, integers.c_str(), any.c_str());
    std::puts("  %differ = icmp ne i32 %bits, 0");
  } else {
    std::printf("  %%lanes_differ = icmp ne %s %%%s, zeroinitializer\n", integers.c_str(), any.c_str());
    std::printf("  %%bits = bitcast %s %%lanes_differ to i%d\n", typed(v, "i1").c_str(), v);
    std::printf("  %%differ = icmp ne i%d %%bits, 0\n", v);
  }
  std::puts("  br i1 %differ, label %compute, label %pack, !prof !0\ncompute:");
  round_doubles(packing, "computed_", "value");
  std::puts("  br label %pack\npack:");
  packing.for_used_registers([&](int g, int r) {
    std::printf("  %%%s = phi %s [ %%%s, %%entry ], [ %%%s, %%compute ]\n", in_register("rounded_", g, r).c_str(),
                integers.c_str(), in_register("lower_", g, r).c_str(), in_register("computed_", g, r).c_str());
  });
  return_packed(packing);
}

/// One lane. `to_int32` rounds half to even; it takes `argument`, of `value` or a vector with that in its first lane.
void scalar_round(const char* name, const char* element, const char* argument, const char* to_int32, int least) {
  std::printf("declare i32 %s(%s)\n", to_int32, argument);
  std::printf("define weak_odr i8 @%s(i16 %%zero_point, %s %%value) alwaysinline nounwind readnone {\n", name, element);
  if (argument == std::string(element)) {
    std::printf("  %%integer = call i32 %s(%s %%value)\n", to_int32, argument);
  } else {
    std::printf("  %%vector = insertelement %s undef, %s %%value, i64 0\n", argument, element);
    std::printf("  %%integer = call i32 %s(%s %%vector)\n", to_int32, argument);
  }
  std::printf(R"(  %%wide = sext i16 %%zero_point to i32
  %%sum = add i32 %%integer, %%wide
  %%small = icmp slt i32 %%sum, %d
  %%floor = select i1 %%small, i32 %d, i32 %%sum
  %%large = icmp sgt i32 %%floor, %d
  %%clamped = select i1 %%large, i32 %d, i32 %%floor
  %%byte = trunc i32 %%clamped to i8
  ret i8 %%byte
}
)",
              least, least, least + 255, least + 255);
}

}  // namespace

void write_round_ir(IrIsa isa) {
  const bool is_arm = isa == IrIsa::kNeon;
  const PackInstructions pack = pack_instructions(isa);
  const int v = pack.lanes;
  std::printf("declare %s %s(%s%s)\n", typed(v, "i32").c_str(), pack.to_int32, typed(v, "float").c_str(),
              v == 16 ? ", <16 x i32>, i16, i32" : "");
  std::printf("declare %s @llvm.sadd.sat.v%di16(%s, %s)\n", typed(2 * v, "i16").c_str(), 2 * v,
              typed(2 * v, "i16").c_str(), typed(2 * v, "i16").c_str());
  if (is_arm) {
    std::puts("declare i32 @llvm.vector.reduce.umax.v4i32(<4 x i32>)");
    declare_packing(isa);
    scalar_round("qatc_round_double", "double", "double", "@llvm.aarch64.neon.fcvtns.i32.f64", -128);
  } else {
    declare_packing(isa);
    scalar_round("qatc_round", "float", "<4 x float>", "@llvm.x86.sse.cvtss2si", 0);
    scalar_round("qatc_round_double", "double", "<2 x double>", "@llvm.x86.sse2.cvtsd2si", 0);
  }
  std::puts(
      "define weak_odr i8 @qatc_round_between(i16 %zero_point, float %x, float %factor, float %low, float %high,");
  std::puts(R"(double %value) alwaysinline nounwind readnone {
  %byte = call i8 @qatc_round_double(i16 %zero_point, double %value)
  ret i8 %byte
})");
  for (int lanes = kLaneStep; lanes <= kMostLanes; lanes += kLaneStep) {
    round_between_form(lanes, isa);
    if (is_arm) continue;  // lower/intrinsics.cpp makes these of Halide's operators
    round_form(lanes, isa, "float");
    round_form(lanes, isa, "double");
  }
}

}  // namespace qatc
