#include "lower/target.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "support/error.h"

namespace qatc {

namespace {

using HTarget = Halide::Target;

constexpr const char* kAccepted =
    "host, arm-64-linux, arm-64-android, arm-64-ios, arm-64-osx, x86-64-linux, each with Halide's features, i8mm or "
    "avxvnni after dashes, e.g. arm-64-linux-arm_dot_prod-i8mm";

/// Halide matches vpdpbusd on any vector under the last of these features. emit/llvm_module.h says what the code may
/// really use.
constexpr const char* kHalideAvx2 = "x86-64-linux-sse41-avx-f16c-fma-avx2";
constexpr const char* kHalideVnni =
    "x86-64-linux-sse41-avx-f16c-fma-avx2-avx512-avx512_skylake-avx512_cannonlake-avx512_sapphirerapids";

/// A target as its user names it: Halide's, and features that Halide 14 has no names for.
struct NamedTarget {
  HTarget halide;
  bool avxvnni = false, i8mm = false;
};

#if defined(__x86_64__)
/// AVX-VNNI, which not every compiler's __builtin_cpu_supports knows.
bool cpu_has_avxvnni() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) != 0 && (eax & 1U << 4U) != 0;
}
#endif

NamedTarget detect_host() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") == 0 || __builtin_cpu_supports("fma") == 0) return {HTarget("x86-64-linux")};
  const bool vnni = __builtin_cpu_supports("avx512vnni") != 0 && __builtin_cpu_supports("avx512vbmi") != 0 &&
                    __builtin_cpu_supports("avx512vl") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
                    __builtin_cpu_supports("avx512dq") != 0;
  if (vnni) return {HTarget(kHalideVnni)};
  return {HTarget(kHalideAvx2), cpu_has_avxvnni()};
#else
  return {Halide::get_host_target()};
#endif
}

Isa choose_isa(const NamedTarget& target) {
  if (target.halide.arch == HTarget::ARM) {
    if (target.i8mm) return Isa::kArmI8mm;
    return target.halide.has_feature(HTarget::ARMDotProd) ? Isa::kArmDotprod : Isa::kArmBase;
  }
  if (target.halide.has_feature(HTarget::AVX512_SapphireRapids)) return Isa::kX86Vnni;
  if (target.avxvnni) return Isa::kX86AvxVnni;
  if (target.halide.has_feature(HTarget::AVX2)) return Isa::kX86Avx2;
  return Isa::kX86Base;
}

std::string clang_triple(const HTarget& target) {
  const std::string arch = target.arch == HTarget::ARM ? "aarch64" : "x86_64";
  switch (target.os) {
    case HTarget::Linux:
      return arch + "-linux-gnu";
    case HTarget::Android:
      return arch + "-linux-android21";
    case HTarget::IOS:
      return "arm64-apple-ios12.0";
    case HTarget::OSX:
      return "arm64-apple-macos11.0";
    default:
      return "";
  }
}

/// Cuts the word out of `name` where it stands between dashes.
bool take_feature(std::string& name, const std::string& feature) {
  const std::string word = "-" + feature;
  const size_t at = (name + "-").find(word + "-");
  if (at == std::string::npos) return false;
  name.erase(at, word.size());
  return true;
}

NamedTarget parse_named_target(const std::string& name) {
  std::string rest = name;
  NamedTarget target;
  target.avxvnni = take_feature(rest, "avxvnni");
  target.i8mm = take_feature(rest, "i8mm");
  if (!HTarget::validate_target_string(rest)) {
    throw UsageError("target '" + name + "' is not known; use " + kAccepted);
  }
  target.halide = HTarget(rest);
  if (target.i8mm && !target.halide.has_feature(HTarget::ARMDotProd)) {
    throw UsageError("target '" + name + "': i8mm needs arm_dot_prod");
  }
  if (target.avxvnni && !target.halide.has_feature(HTarget::AVX2)) {
    throw UsageError("target '" + name + "': avxvnni needs avx2");
  }
  return target;
}

}  // namespace

bool is_apple(const Target& target) { return target.halide.os == HTarget::IOS || target.halide.os == HTarget::OSX; }

qatc::Target parse_target(const std::string& name) {
  const bool host = name == "host";
  NamedTarget named = host ? detect_host() : parse_named_target(name);
  const bool arm = named.halide.arch == HTarget::ARM;
  const bool known_os = named.halide.os == HTarget::Linux || named.halide.os == HTarget::Android ||
                        named.halide.os == HTarget::IOS || named.halide.os == HTarget::OSX;
  const bool x86_linux = named.halide.arch == HTarget::X86 && named.halide.os == HTarget::Linux;
  if (named.halide.bits != 64 || !((arm && known_os) || x86_linux)) {
    throw UsageError("target '" + name + "' is not supported; use " + kAccepted);
  }
  qatc::Target target;
  target.name = name;
  target.isa = choose_isa(named);
  if (target.isa == Isa::kX86AvxVnni) named.halide = HTarget(kHalideVnni);
  target.clang_triple = clang_triple(named.halide);
  target.is_host = host;
  target.halide = named.halide.with_feature(HTarget::NoRuntime)
                      .with_feature(HTarget::NoAsserts)
                      .with_feature(HTarget::NoBoundsQuery);
  return target;
}

}  // namespace qatc
