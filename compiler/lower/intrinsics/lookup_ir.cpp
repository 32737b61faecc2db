#include "lower/intrinsics/lookup_ir.h"

#include <cstdio>
#include <string>

namespace qatc {

namespace {

std::string vector_type(int lanes) { return typed(lanes, "i8"); }

/// %RESULT = the first `from` lanes of SOURCE, up to `to` lanes: widens or narrows a vector.
void resize(const char* result, const std::string& source, int from, int to) {
  std::printf("  %s = shufflevector %s %s, %s undef, %s\n", result, vector_type(from).c_str(), source.c_str(),
              vector_type(from).c_str(), indices(to, [&](int lane) { return lane < from ? lane : -1; }).c_str());
}

std::string splat_bytes(int lanes, int value) {
  return splat(lanes, "i8", std::to_string(value >= 128 ? value - 256 : value));
}

/// %NAME = `lanes` bytes of the table from `offset`.
void load_table_part(const std::string& name, int lanes, int offset) {
  const std::string type = vector_type(lanes);
  std::printf("  %%%s_address = add i64 %%table, %d\n", name.c_str(), offset);
  const std::string pointer = pointer_to(type);
  std::printf("  %%%s_pointer = inttoptr i64 %%%s_address to %s\n", name.c_str(), name.c_str(), pointer.c_str());
  std::printf("  %%%s = load %s, %s %%%s_pointer, align 16, !invariant.load !9\n", name.c_str(), type.c_str(),
              pointer.c_str(), name.c_str());
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
  std::printf("  %%%s_low = and <32 x i8> %%%s, %s\n", r, index.c_str(), splat_bytes(32, 15).c_str());
  std::printf("  %%%s_high = lshr <32 x i8> %%%s, %s\n", r, index.c_str(), splat_bytes(32, 4).c_str());
  std::string previous = "zeroinitializer";
  for (int i = 0; i < 16; ++i) {
    const std::string part = result + "_p" + std::to_string(i);
    const char* p = part.c_str();
    load_table_part(part + "_half", 16, i * 16);
    std::printf("  %%%s_both = shufflevector <16 x i8> %%%s_half, <16 x i8> undef, %s\n", p, p,
                indices(32, [](int lane) { return lane % 16; }).c_str());
    std::printf("  %%%s_hit = call <32 x i8> @llvm.x86.avx2.pshuf.b(<32 x i8> %%%s_both, <32 x i8> %%%s_low)\n", p, p,
                r);
    std::printf("  %%%s_here = icmp eq <32 x i8> %%%s_high, %s\n", p, r, splat_bytes(32, i).c_str());
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
    std::printf("  %%%s_i%d = xor <16 x i8> %%%s, %s\n", r, block, index.c_str(), splat_bytes(16, block * 64).c_str());
    std::printf("  %%%s = call <16 x i8> @llvm.aarch64.neon.tbx4.v16i8(<16 x i8> %%%s_r%d, %s<16 x i8> %%%s_i%d)\n",
                out.c_str(), r, block - 1, tables.c_str(), r, block);
  }
}

/// One lane.
void scalar_form() {
  const std::string pointer = pointer_to("i8");
  std::puts("define weak_odr i8 @qatc_lookup(i64 %table, i8 %index) alwaysinline nounwind readonly {");
  std::puts("  %wide = zext i8 %index to i64\n  %address = add i64 %table, %wide");
  std::printf("  %%pointer = inttoptr i64 %%address to %s\n  %%value = load i8, %s %%pointer\n", pointer.c_str(),
              pointer.c_str());
  std::puts("  ret i8 %value\n}");
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
    std::printf("  %%%s_in = shufflevector %s %%padded, %s undef, %s\n", name.c_str(),
                vector_type(parts * width).c_str(), vector_type(parts * width).c_str(),
                indices(width, [&](int lane) { return part * width + lane; }).c_str());
    body(name + "_in", name);
    if (part == 0) {
      joined = "%" + name;
      continue;
    }
    // Both shuffle operands have one type: widen the new part to the length so far.
    const int so_far = part * width;
    resize(("%" + name + "_wide").c_str(), "%" + name, width, so_far);
    std::printf("  %%joined%d = shufflevector %s %s, %s %%%s_wide, %s\n", part, vector_type(so_far).c_str(),
                joined.c_str(), vector_type(so_far).c_str(), name.c_str(),
                indices(so_far + width, [](int lane) { return lane; }).c_str());
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
  const std::string pointer = pointer_to("i8");
  std::string previous = "undef";
  for (int i = 0; i < lanes; ++i) {
    std::printf(
        "  %%i%d = extractelement %s %%index, i64 %d\n  %%w%d = zext i8 %%i%d to i64\n  %%a%d = add i64 "
        "%%table, %%w%d\n",
        i, type.c_str(), i, i, i, i, i);
    std::printf("  %%p%d = inttoptr i64 %%a%d to %s\n  %%v%d = load i8, %s %%p%d\n", i, i, pointer.c_str(), i,
                pointer.c_str(), i);
    std::printf("  %%r%d = insertelement %s %s, i8 %%v%d, i64 %d\n", i, type.c_str(), previous.c_str(), i, i);
    previous = "%r" + std::to_string(i);
  }
  std::printf("  ret %s %s\n}\n", type.c_str(), previous.c_str());
}

}  // namespace

void write_lookup_ir(IrIsa isa) {
  std::puts("declare <64 x i8> @llvm.x86.avx512.vpermi2var.qi.512(<64 x i8>, <64 x i8>, <64 x i8>)");
  std::puts("declare <32 x i8> @llvm.x86.avx2.pshuf.b(<32 x i8>, <32 x i8>)");
  const std::string v = vector_type(16);
  std::printf("declare %s @llvm.aarch64.neon.tbl4.v16i8(%s, %s, %s, %s, %s)\n", v.c_str(), v.c_str(), v.c_str(),
              v.c_str(), v.c_str(), v.c_str());
  std::printf("declare %s @llvm.aarch64.neon.tbx4.v16i8(%s, %s, %s, %s, %s, %s)\n", v.c_str(), v.c_str(), v.c_str(),
              v.c_str(), v.c_str(), v.c_str(), v.c_str());
  scalar_form();
  for (int lanes = kLaneStep; lanes <= kMostLanes; lanes += kLaneStep) {
    switch (isa) {
      case IrIsa::kAvx512Vnni:
        vector_form(lanes, 64, vbmi_body);
        break;
      case IrIsa::kAvx2:
        vector_form(lanes, 32, avx2_body);
        break;
      case IrIsa::kNeon:
        vector_form(lanes, 16, neon_body);
        break;
      case IrIsa::kSse2:
        scalarized_form(lanes);
        break;
    }
  }
}

}  // namespace qatc
