// Writes LLVM IR for the functions that kernels call, in scalar form and, as NAMExN, for vectors of N lanes:
//
//   qatc_lookup(table, index)                  an entry of a table of 256 bytes
//   qatc_round, qatc_round_double              saturating conversion of real values to bytes
//   qatc_round_between(zero_point, x, factor, low, high, value)
//                                              the same of a double between x * factor + low and x * factor + high
//   qatc_quotient, qatc_quotient_double        correctly rounded division by one divisor
//   qatc_pixel_word<K>of<N>(address, byte)     words of pixels side by side
//
// Vectors this wide have no direct calling convention in C, hence IR.
//
// usage: make_intrinsics_ir ISA LLVM_MAJOR > intrinsics_ISA.ll
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

namespace {

bool opaque_pointers = false;

std::string vector_type(int lanes) { return "<" + std::to_string(lanes) + " x i8>"; }

/// Indices 0 .. from-1, then undef up to `to`: widens or narrows a vector.
std::string resize_mask(int from, int to) {
  std::string text = "<" + std::to_string(to) + " x i32> <";
  for (int i = 0; i < to; ++i) text += (i > 0 ? ", i32 " : "i32 ") + (i < from ? std::to_string(i) : "undef");
  return text + ">";
}

void resize(const char* result, const std::string& source, int from, int to) {
  std::printf("  %s = shufflevector %s %s, %s undef, %s\n", result, vector_type(from).c_str(), source.c_str(),
              vector_type(from).c_str(), resize_mask(from, to).c_str());
}

std::string splat(int lanes, int value) {
  std::string text = "<";
  const int element = value >= 128 ? value - 256 : value;
  for (int i = 0; i < lanes; ++i) text += (i > 0 ? ", i8 " : "i8 ") + std::to_string(element);
  return text + ">";
}

/// %NAME = `lanes` bytes of the table from `offset`.
void load_table_part(const std::string& name, int lanes, int offset) {
  const std::string type = vector_type(lanes);
  std::printf("  %%%s_address = add i64 %%table, %d\n", name.c_str(), offset);
  if (opaque_pointers) {
    std::printf("  %%%s_pointer = inttoptr i64 %%%s_address to ptr\n", name.c_str(), name.c_str());
    std::printf("  %%%s = load %s, ptr %%%s_pointer, align 16, !invariant.load !9\n", name.c_str(), type.c_str(),
                name.c_str());
  } else {
    std::printf("  %%%s_pointer = inttoptr i64 %%%s_address to %s*\n", name.c_str(), name.c_str(), type.c_str());
    std::printf("  %%%s = load %s, %s* %%%s_pointer, align 16, !invariant.load !9\n", name.c_str(), type.c_str(),
                type.c_str(), name.c_str());
  }
}

/// AVX-512 VBMI: two vpermi2b over 128 entries each, chosen by the index's top bit. %index to %result, 64 lanes.
void vbmi_body(const std::string& index, const std::string& result) {
  for (int i = 0; i < 4; ++i) load_table_part(result + "_t" + std::to_string(i), 64, i * 64);
  const char* r = result.c_str();
  const char* x = index.c_str();
  const char* f = "call <64 x i8> @llvm.x86.avx512.vpermi2var.qi.512";
  std::printf("  %%%s_low = %s(<64 x i8> %%%s_t0, <64 x i8> %%%s, <64 x i8> %%%s_t1)\n", r, f, r, x, r);
  std::printf("  %%%s_high = %s(<64 x i8> %%%s_t2, <64 x i8> %%%s, <64 x i8> %%%s_t3)\n", r, f, r, x, r);
  std::printf("  %%%s_top = icmp slt <64 x i8> %%%s, zeroinitializer\n", r, x);
  std::printf("  %%%s = select <64 x i1> %%%s_top, <64 x i8> %%%s_high, <64 x i8> %%%s_low\n", r, r, r, r);
}

/// AVX2: sixteen vpshufb of 16 entries each; the one whose index's high nibble matches is kept. 32 lanes.
void avx2_body(const std::string& index, const std::string& result) {
  const char* r = result.c_str();
  std::printf("  %%%s_low = and <32 x i8> %%%s, %s\n", r, index.c_str(), splat(32, 15).c_str());
  std::printf("  %%%s_high = lshr <32 x i8> %%%s, %s\n", r, index.c_str(), splat(32, 4).c_str());
  std::string previous = "zeroinitializer";
  for (int i = 0; i < 16; ++i) {
    const std::string part = result + "_p" + std::to_string(i);
    const char* p = part.c_str();
    load_table_part(part + "_half", 16, i * 16);
    std::printf("  %%%s_both = shufflevector <16 x i8> %%%s_half, <16 x i8> undef, <32 x i32> <", p, p);
    for (int k = 0; k < 32; ++k) std::printf("%si32 %d", k > 0 ? ", " : "", k % 16);
    std::printf(">\n  %%%s_hit = call <32 x i8> @llvm.x86.avx2.pshuf.b(<32 x i8> %%%s_both, <32 x i8> %%%s_low)\n", p,
                p, r);
    std::printf("  %%%s_here = icmp eq <32 x i8> %%%s_high, %s\n", p, r, splat(32, i).c_str());
    const std::string kept = i == 15 ? result : part;
    std::printf("  %%%s = select <32 x i1> %%%s_here, <32 x i8> %%%s_hit, <32 x i8> %s\n", kept.c_str(), p, p,
                previous.c_str());
    previous = "%" + kept;
  }
}

/// NEON: tbl over the first 64 entries, tbx over each further 64 with the index moved; out of range leaves the result.
/// 16 lanes.
void neon_body(const std::string& index, const std::string& result) {
  const char* r = result.c_str();
  for (int i = 0; i < 16; ++i) load_table_part(result + "_t" + std::to_string(i), 16, i * 16);
  for (int block = 0; block < 4; ++block) {
    std::string tables;
    for (int i = 0; i < 4; ++i) tables += "<16 x i8> %" + result + "_t" + std::to_string(block * 4 + i) + ", ";
    const std::string out = block == 3 ? result : result + "_r" + std::to_string(block);
    if (block == 0) {
      std::printf("  %%%s = call <16 x i8> @llvm.aarch64.neon.tbl4.v16i8(%s<16 x i8> %%%s)\n", out.c_str(),
                  tables.c_str(), index.c_str());
      continue;
    }
    std::printf("  %%%s_i%d = xor <16 x i8> %%%s, %s\n", r, block, index.c_str(), splat(16, block * 64).c_str());
    std::printf("  %%%s = call <16 x i8> @llvm.aarch64.neon.tbx4.v16i8(<16 x i8> %%%s_r%d, %s<16 x i8> %%%s_i%d)\n",
                out.c_str(), r, block - 1, tables.c_str(), r, block);
  }
}

void scalar_body() {
  std::puts("  %wide = zext i8 %index to i64\n  %address = add i64 %table, %wide");
  if (opaque_pointers) {
    std::puts("  %pointer = inttoptr i64 %address to ptr\n  %value = load i8, ptr %pointer");
  } else {
    std::puts("  %pointer = inttoptr i64 %address to i8*\n  %value = load i8, i8* %pointer");
  }
  std::puts("  ret i8 %value");
}

/// A form of `lanes` lanes out of bodies of `width` lanes.
void vector_form(int lanes, int width, void (*body)(const std::string&, const std::string&)) {
  const std::string type = vector_type(lanes);
  std::printf(
      "define weak_odr %s @qatc_lookupx%d(i64 %%table, %s %%index) alwaysinline nounwind readonly "
      "{\n",
      type.c_str(), lanes, type.c_str());
  const int parts = (lanes + width - 1) / width;
  resize("%padded", "%index", lanes, parts * width);
  std::string joined;
  for (int part = 0; part < parts; ++part) {
    const std::string name = "part" + std::to_string(part);
    std::printf("  %%%s_in = shufflevector %s %%padded, %s undef, <%d x i32> <", name.c_str(),
                vector_type(parts * width).c_str(), vector_type(parts * width).c_str(), width);
    for (int i = 0; i < width; ++i) std::printf("%si32 %d", i > 0 ? ", " : "", part * width + i);
    std::puts(">");
    body(name + "_in", name);
    if (part == 0) {
      joined = "%" + name;
      continue;
    }
    // Both shuffle operands have one type: widen the new part to the length so far.
    const int so_far = part * width;
    resize(("%" + name + "_wide").c_str(), "%" + name, width, so_far);
    std::printf("  %%joined%d = shufflevector %s %s, %s %%%s_wide, <%d x i32> <", part, vector_type(so_far).c_str(),
                joined.c_str(), vector_type(so_far).c_str(), name.c_str(), so_far + width);
    for (int i = 0; i < so_far + width; ++i) std::printf("%si32 %d", i > 0 ? ", " : "", i);
    std::puts(">");
    joined = "%joined" + std::to_string(part);
  }
  resize("%result", joined, parts * width, lanes);
  std::printf("  ret %s %%result\n}\n", type.c_str());
}

/// Lane by lane, for instruction sets without a byte shuffle.
void scalarized_form(int lanes) {
  const std::string type = vector_type(lanes);
  std::printf(
      "define weak_odr %s @qatc_lookupx%d(i64 %%table, %s %%index) alwaysinline nounwind readonly "
      "{\n",
      type.c_str(), lanes, type.c_str());
  std::string previous = "undef";
  for (int i = 0; i < lanes; ++i) {
    std::printf(
        "  %%i%d = extractelement %s %%index, i64 %d\n  %%w%d = zext i8 %%i%d to i64\n  %%a%d = add i64 "
        "%%table, %%w%d\n",
        i, type.c_str(), i, i, i, i, i);
    if (opaque_pointers) {
      std::printf("  %%p%d = inttoptr i64 %%a%d to ptr\n  %%v%d = load i8, ptr %%p%d\n", i, i, i, i);
    } else {
      std::printf("  %%p%d = inttoptr i64 %%a%d to i8*\n  %%v%d = load i8, i8* %%p%d\n", i, i, i, i);
    }
    std::printf("  %%r%d = insertelement %s %s, i8 %%v%d, i64 %d\n", i, type.c_str(), previous.c_str(), i, i);
    previous = "%r" + std::to_string(i);
  }
  std::printf("  ret %s %s\n}\n", type.c_str(), previous.c_str());
}

// ---- qatc_round, qatc_round_double, qatc_round_between: the byte saturate(round_half_even(value) + int16 zero_point)
// of a float or a double, |value| < 2^15; uint8 for x86, int8 for ARM64. x86 packs 32-bit lanes pairwise.

std::string typed(int lanes, const char* element) { return "<" + std::to_string(lanes) + " x " + element + ">"; }

std::string indices(int count, const std::function<int(int)>& index) {
  std::string text = typed(count, "i32") + " <";
  for (int i = 0; i < count; ++i) {
    const int at = index(i);
    text += (i > 0 ? ", i32 " : "i32 ") + (at < 0 ? "undef" : std::to_string(at));
  }
  return text + ">";
}

std::string splat(int lanes, const char* element, const char* value) {
  std::string text = "<";
  for (int i = 0; i < lanes; ++i) text += std::string(i > 0 ? ", " : "") + element + " " + value;
  return text + ">";
}

/// Of the intrinsic @llvm.fma.
std::string fma_suffix(int lanes, const std::string& element) {
  return (lanes == 1 ? "" : "v" + std::to_string(lanes)) + (element == "double" ? "f64" : "f32");
}

void declare_fma(int lanes, const char* element) {
  const std::string type = lanes == 1 ? element : typed(lanes, element);
  const char* t = type.c_str();
  std::printf("declare %s @llvm.fma.%s(%s, %s, %s)\n", t, fma_suffix(lanes, element).c_str(), t, t, t);
}

struct PackInstructions {
  int lanes;  // of one int32 register
  const char *to_int32, *to_int16, *to_byte;
};

/// How vectors of `lanes` integers are packed: four registers, a group, become one of bytes.
struct Packing {
  int lanes;
  const PackInstructions& by;

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
std::string in_register(const std::string& name, int group, int reg) {
  return name + std::to_string(group) + "_" + std::to_string(reg);
}

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

/// Ends a function: it returns the integers %rounded_G_R plus %zero_point, saturated to bytes. packssdw and packuswb
/// work within 128 bits: of registers a, b, c, d they leave a0-3 b0-3 c0-3 d0-3 a4-7 b4-7 ... Four registers at a time
/// become one of bytes, which one shuffle of 32-bit lanes puts in order.
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

void round_form(int lanes, const PackInstructions& instructions, const char* element) {
  const Packing packing{lanes, instructions};
  const bool is_double = std::string(element) == "double";
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
void multiply_add(int lanes, bool has_fma, const char* name, const char* addend) {
  const std::string type = typed(lanes, "float");
  const char* t = type.c_str();
  if (has_fma) {
    std::printf("  %%%s = call %s @llvm.fma.%s(%s %%x, %s %%factor, %s %%%s)\n", name, t,
                fma_suffix(lanes, "float").c_str(), t, t, t, addend);
  } else {
    std::printf("  %%%s_product = fmul %s %%x, %%factor\n  %%%s = fadd %s %%%s_product, %%%s\n", name, t, name, t, name,
                addend);
  }
}

/// Where x * factor + low and x * factor + high round to the same integer in all lanes, so does %value between them;
/// else, which is rare, %value is rounded. LLVM sinks what gives it into that branch, and the branch out of loops.
void round_between_form(int lanes, const PackInstructions& instructions, bool has_fma, bool arm) {
  const Packing packing{lanes, instructions};
  const int v = instructions.lanes;
  const std::string floats = typed(lanes, "float");
  const std::string integers = typed(v, "i32");
  const char* f = floats.c_str();
  std::printf(
      "define weak_odr %s @qatc_round_betweenx%d(i16 %%zero_point, %s %%x, %s %%factor, %s %%low, %s %%high, %s "
      "%%value) alwaysinline nounwind readnone {\nentry:\n",
      typed(lanes, "i8").c_str(), lanes, f, f, f, f, typed(lanes, "double").c_str());
  multiply_add(lanes, has_fma, "lower", "low");
  multiply_add(lanes, has_fma, "upper", "high");
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
  if (arm) {
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

/// The functions by which ARM64 packs, with x86's names for arguments.
void neon_packing() {
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

void declare_packing(const PackInstructions& pack) {
  const int v = pack.lanes;
  std::printf("declare %s %s(%s, %s)\n", typed(2 * v, "i16").c_str(), pack.to_int16, typed(v, "i32").c_str(),
              typed(v, "i32").c_str());
  std::printf("declare %s %s(%s, %s)\n", typed(4 * v, "i8").c_str(), pack.to_byte, typed(2 * v, "i16").c_str(),
              typed(2 * v, "i16").c_str());
}

void print_round(const std::string& isa, bool has_fma) {
  const bool arm = isa == "neon";
  const PackInstructions pack =
      isa == "avx512vnni" ? PackInstructions{16, "@llvm.x86.avx512.mask.cvtps2dq.512", "@llvm.x86.avx512.packssdw.512",
                                             "@llvm.x86.avx512.packuswb.512"}
      : isa == "avx2"
          ? PackInstructions{8, "@llvm.x86.avx.cvt.ps2dq.256", "@llvm.x86.avx2.packssdw", "@llvm.x86.avx2.packuswb"}
      : arm ? PackInstructions{4, "@llvm.aarch64.neon.fcvtns.v4i32.v4f32", "@qatc_int16", "@qatc_int8"}
            : PackInstructions{4, "@llvm.x86.sse2.cvtps2dq", "@llvm.x86.sse2.packssdw.128",
                               "@llvm.x86.sse2.packuswb.128"};
  const int v = pack.lanes;
  std::printf("declare %s %s(%s%s)\n", typed(v, "i32").c_str(), pack.to_int32, typed(v, "float").c_str(),
              v == 16 ? ", <16 x i32>, i16, i32" : "");
  std::printf("declare %s @llvm.sadd.sat.v%di16(%s, %s)\n", typed(2 * v, "i16").c_str(), 2 * v,
              typed(2 * v, "i16").c_str(), typed(2 * v, "i16").c_str());
  if (arm) {
    std::puts("declare i32 @llvm.vector.reduce.umax.v4i32(<4 x i32>)");
    neon_packing();
    scalar_round("qatc_round_double", "double", "double", "@llvm.aarch64.neon.fcvtns.i32.f64", -128);
  } else {
    declare_packing(pack);
    scalar_round("qatc_round", "float", "<4 x float>", "@llvm.x86.sse.cvtss2si", 0);
    scalar_round("qatc_round_double", "double", "<2 x double>", "@llvm.x86.sse2.cvtsd2si", 0);
  }
  std::puts(
      "define weak_odr i8 @qatc_round_between(i16 %zero_point, float %x, float %factor, float %low, float %high,");
  std::puts(R"(double %value) alwaysinline nounwind readnone {
  %byte = call i8 @qatc_round_double(i16 %zero_point, double %value)
  ret i8 %byte
})");
  for (int lanes = 4; lanes <= 64; lanes += 4) {
    round_between_form(lanes, pack, has_fma || arm, arm);
    if (arm) continue;  // lower/intrinsics makes these of Halide's operators
    round_form(lanes, pack, "float");
    round_form(lanes, pack, "double");
  }
}

// ---- qatc_quotient, qatc_quotient_double: value / divisor, correctly rounded, by a product and four fused
// multiply-adds in place of a division. The product with the rounded reciprocal is within two units in the last place,
// one refinement makes it faithful, and from a faithful quotient and a correctly rounded reciprocal the next one is
// correctly rounded. Nothing overflows or underflows: values are products of a few floats and integers, or floats of a
// limited range. Source: P. Markstein, Computation of elementary functions on the IBM RISC System/6000 processor, IBM
// Journal of Research and Development 34 (1990).
void quotient_form(int lanes, const char* element) {
  const bool is_scalar = lanes == 1;
  const bool is_double = std::string(element) == "double";
  const std::string type = is_scalar ? element : typed(lanes, element);
  const std::string suffix = fma_suffix(lanes, element);
  const char* t = type.c_str();
  std::printf("define weak_odr %s @qatc_quotient%s%s(%s %%divisor, %s %%value) alwaysinline nounwind readnone {\n", t,
              is_double ? "_double" : "", is_scalar ? "" : ("x" + std::to_string(lanes)).c_str(), element, t);
  const char* one = is_scalar ? "" : "_one";
  std::printf("  %%reciprocal%s = fdiv %s 1.0, %%divisor\n  %%negative%s = fneg %s %%divisor\n", one, element, one,
              element);
  for (const char* name : {"reciprocal", "negative"}) {
    if (is_scalar) break;
    std::printf("  %%%s0 = insertelement %s undef, %s %%%s_one, i64 0\n", name, t, element, name);
    std::printf("  %%%s = shufflevector %s %%%s0, %s undef, %s\n", name, t, name, t,
                indices(lanes, [](int) { return 0; }).c_str());
  }
  std::printf("  %%q0 = fmul %s %%value, %%reciprocal\n", t);
  for (int step = 0; step < 2; ++step) {
    std::printf("  %%r%d = call %s @llvm.fma.%s(%s %%negative, %s %%q%d, %s %%value)\n", step, t, suffix.c_str(), t, t,
                step, t);
    std::printf("  %%q%d = call %s @llvm.fma.%s(%s %%r%d, %s %%reciprocal, %s %%q%d)\n", step + 1, t, suffix.c_str(), t,
                step, t, t, step);
  }
  std::printf("  ret %s %%q2\n}\n", t);
}

// ---- qatc_pixel_word<K>of<N>: uint8 qatc_pixel_wordKofN(uint64 address, int32 byte). Of pixels of N words of four bytes,
// the first one at `address`: byte % 4 of word K of pixel byte / 4. The vector form is for 64 consecutive bytes, which
// are a word of 16 pixels. All N words of them are what one transposition has: LLVM finds the shuffles that the forms
// have in common.

constexpr int kVectorWords = 16;

/// %NAME = the lanes of %a and %b that `place` names, those of %b from 16 on.
void shuffle_words(const std::string& name, const std::string& a, const std::string& b,
                   const std::function<int(int)>& place) {
  std::printf("  %%%s = shufflevector <16 x i32> %%%s, <16 x i32> %%%s, %s\n", name.c_str(), a.c_str(), b.c_str(),
              indices(kVectorWords, place).c_str());
}

/// One way through a transposition: to the vectors that hold one word of all pixels, over vectors with ever fewer words
/// of ever more pixels. Memory has all words of a pixel, then those of the next; made vectors have a word of all their
/// pixels, then the next word.
class WordOfPixels {
 public:
  WordOfPixels(int words, int word) : words_(words), word_(word), vectors_(words) {
    for (int i = 0; i < words; ++i) names_.push_back("memory" + std::to_string(i));
  }

  /// The name of the vector.
  std::string join() {
    if (words_ % 3 == 0) join_three();
    while (vectors_ > 1) join_two();
    return names_.front();
  }

 private:
  /// Three vectors have a third of their words of all their pixels in one.
  void join_three() {
    const int pixels = 3 * kVectorWords / words_;
    const int kept = words_ / 3;
    const int first = word_ / kept * kept;
    std::vector<std::string> joined;
    for (int i = 0; i < vectors_; i += 3) {
      const auto place = [&](int lane) { return lane % pixels * words_ + first + lane / pixels; };
      const std::string two = next_name();
      shuffle_words(two, names_[at(i)], names_[at(i + 1)],
                    [&](int lane) { return place(lane) < 2 * kVectorWords ? place(lane) : 0; });
      joined.push_back(next_name());
      shuffle_words(joined.back(), two, names_[at(i + 2)],
                    [&](int lane) { return place(lane) < 2 * kVectorWords ? lane : place(lane) - kVectorWords; });
    }
    finish_step(joined, kept);
  }

  /// Two vectors have half of their words of all their pixels in one.
  void join_two() {
    const int pixels = kVectorWords / words_;  // of each
    const int kept = words_ / 2;
    const int first = word_ / kept * kept;
    std::vector<std::string> joined;
    for (int i = 0; i < vectors_; i += 2) {
      joined.push_back(next_name());
      shuffle_words(joined.back(), names_[at(i)], names_[at(i + 1)], [&](int lane) {
        const int pixel = lane % (2 * pixels);
        const int word = first + lane / (2 * pixels);
        const int place = is_memory_ ? pixel % pixels * words_ + word : word * pixels + pixel % pixels;
        return place + pixel / pixels * kVectorWords;
      });
    }
    finish_step(joined, kept);
  }

  void finish_step(const std::vector<std::string>& joined, int kept) {
    names_ = joined;
    vectors_ = static_cast<int>(joined.size());
    words_ = kept;
    word_ %= kept;
    is_memory_ = false;
  }

  static size_t at(int i) { return static_cast<size_t>(i); }
  std::string next_name() { return "joined" + std::to_string(made_++); }

  int words_, word_;  // of the vectors' pixels; of these, the one that is looked for
  int vectors_;
  bool is_memory_ = true;
  std::vector<std::string> names_;
  int made_ = 0;
};

void pixel_word_form(int words, int word) {
  const std::string type = typed(kVectorWords, "i32");
  std::printf("define weak_odr <64 x i8> @qatc_pixel_word%dof%dx64(i64 %%address, <64 x i32> %%byte) ", word, words);
  std::puts("alwaysinline nounwind readonly {");
  std::puts("  %first = extractelement <64 x i32> %byte, i64 0\n  %wide = sext i32 %first to i64");
  std::printf("  %%offset = mul i64 %%wide, %d\n  %%begin = add i64 %%address, %%offset\n", words);
  for (int i = 0; i < words; ++i) {
    std::printf("  %%a%d = add i64 %%begin, %d\n", i, 64 * i);
    if (opaque_pointers) {
      std::printf(
          "  %%p%d = inttoptr i64 %%a%d to ptr\n  %%memory%d = load %s, ptr %%p%d, align 1, !invariant.load !9\n", i, i,
          i, type.c_str(), i);
    } else {
      std::printf(
          "  %%p%d = inttoptr i64 %%a%d to %s*\n  %%memory%d = load %s, %s* %%p%d, align 1, !invariant.load !9\n", i, i,
          type.c_str(), i, type.c_str(), type.c_str(), i);
    }
  }
  const std::string result = WordOfPixels(words, word).join();
  std::printf("  %%result = bitcast <16 x i32> %%%s to <64 x i8>\n  ret <64 x i8> %%result\n}\n", result.c_str());
  std::printf("define weak_odr i8 @qatc_pixel_word%dof%d(i64 %%address, i32 %%byte) alwaysinline nounwind readonly {\n",
              word, words);
  std::printf(R"(  %%wide = sext i32 %%byte to i64
  %%pixel = ashr i64 %%wide, 2
  %%offset = mul i64 %%pixel, %d
  %%within = and i64 %%wide, 3
  %%in_pixel = add i64 %%within, %d
  %%begin = add i64 %%address, %%offset
  %%place = add i64 %%begin, %%in_pixel
)",
              4 * words, 4 * word);
  if (opaque_pointers) {
    std::puts("  %pointer = inttoptr i64 %place to ptr\n  %value = load i8, ptr %pointer");
  } else {
    std::puts("  %pointer = inttoptr i64 %place to i8*\n  %value = load i8, i8* %pointer");
  }
  std::puts("  ret i8 %value\n}");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: make_intrinsics_ir sse2|avx2|avx512vnni|neon LLVM_MAJOR\n", stderr);
    return 2;
  }
  const std::string isa = argv[1];
  opaque_pointers = std::atoi(argv[2]) >= 15;
  const bool arm = isa == "neon";
  std::puts("declare <64 x i8> @llvm.x86.avx512.vpermi2var.qi.512(<64 x i8>, <64 x i8>, <64 x i8>)");
  std::puts("declare <32 x i8> @llvm.x86.avx2.pshuf.b(<32 x i8>, <32 x i8>)");
  const std::string v = "<16 x i8>";
  std::printf("declare %s @llvm.aarch64.neon.tbl4.v16i8(%s, %s, %s, %s, %s)\n", v.c_str(), v.c_str(), v.c_str(),
              v.c_str(), v.c_str(), v.c_str());
  std::printf("declare %s @llvm.aarch64.neon.tbx4.v16i8(%s, %s, %s, %s, %s, %s)\n", v.c_str(), v.c_str(), v.c_str(),
              v.c_str(), v.c_str(), v.c_str(), v.c_str());
  std::puts("define weak_odr i8 @qatc_lookup(i64 %table, i8 %index) alwaysinline nounwind readonly {");
  scalar_body();
  std::puts("}");
  for (int lanes = 4; lanes <= 64; lanes += 4) {
    if (isa == "avx512vnni") {
      vector_form(lanes, 64, vbmi_body);
    } else if (isa == "avx2") {
      vector_form(lanes, 32, avx2_body);
    } else if (arm) {
      vector_form(lanes, 16, neon_body);
    } else {
      scalarized_form(lanes);
    }
  }
  const bool has_fma = isa == "avx2" || isa == "avx512vnni";
  print_round(isa, has_fma);
  if (has_fma || arm) {
    for (int lanes = 4; lanes <= 64; lanes += 4) declare_fma(lanes, "float");
  }
  if (has_fma) {
    for (int lanes = 4; lanes <= 64; lanes += 4) declare_fma(lanes, "double");
    for (const char* element : {"float", "double"}) {
      declare_fma(1, element);
      quotient_form(1, element);
      for (int lanes = 4; lanes <= 64; lanes += 4) quotient_form(lanes, element);
    }
  }
  if (isa == "avx512vnni") {
    for (int words : {1, 2, 3, 4, 6, 8, 12, 16}) {
      for (int word = 0; word < words; ++word) pixel_word_form(words, word);
    }
  }
  // Tables are constants: loads of one may be merged across stores.
  std::puts("!9 = !{}");
  // What __builtin_expect says: the first way is unlikely.
  std::puts("!0 = !{!\"branch_weights\", i32 1, i32 2000}");
  return 0;
}
