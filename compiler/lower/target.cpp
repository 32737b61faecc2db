#include "lower/target.h"

#include "support/error.h"

namespace qatc {

namespace {

using HTarget = Halide::Target;

constexpr const char* kAccepted =
    "host, arm-64-linux, arm-64-android, arm-64-ios, arm-64-osx, x86-64-linux, each with Halide's features "
    "after dashes, "
    "e.g. arm-64-linux-arm_dot_prod";

HTarget detect_host() {
  HTarget target("x86-64-linux");
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0) {
    target = HTarget("x86-64-linux-sse41-avx-f16c-fma-avx2");
    if (__builtin_cpu_supports("avx512vnni") != 0 && __builtin_cpu_supports("avx512vbmi") != 0 &&
        __builtin_cpu_supports("avx512vl") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
        __builtin_cpu_supports("avx512dq") != 0) {
      target = HTarget(
          "x86-64-linux-sse41-avx-f16c-fma-avx2-avx512-avx512_skylake-avx512_cannonlake-avx512_"
          "sapphirerapids");
    }
  }
#else
  target = Halide::get_host_target();
#endif
  return target;
}

Isa choose_isa(const HTarget& target) {
  if (target.arch == HTarget::ARM) return target.has_feature(HTarget::ARMDotProd) ? Isa::kArmDotprod : Isa::kArmBase;
  if (target.has_feature(HTarget::AVX512_SapphireRapids)) return Isa::kX86Vnni;
  if (target.has_feature(HTarget::AVX2)) return Isa::kX86Avx2;
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

HTarget parse_halide_target(const std::string& name) {
  if (!HTarget::validate_target_string(name)) {
    throw UsageError("target '" + name + "' is not known; use " + kAccepted);
  }
  return HTarget(name);
}

}  // namespace

bool is_apple(const Target& target) { return target.halide.os == HTarget::IOS || target.halide.os == HTarget::OSX; }

qatc::Target parse_target(const std::string& name) {
  const bool host = name == "host";
  HTarget halide = host ? detect_host() : parse_halide_target(name);
  const bool arm = halide.arch == HTarget::ARM;
  const bool known_os = halide.os == HTarget::Linux || halide.os == HTarget::Android || halide.os == HTarget::IOS ||
                        halide.os == HTarget::OSX;
  const bool x86_linux = halide.arch == HTarget::X86 && halide.os == HTarget::Linux;
  if (halide.bits != 64 || !((arm && known_os) || x86_linux)) {
    throw UsageError("target '" + name + "' is not supported; use " + kAccepted);
  }
  qatc::Target target;
  target.name = name;
  target.isa = choose_isa(halide);
  target.clang_triple = clang_triple(halide);
  target.is_host = host;
  target.halide =
      halide.with_feature(HTarget::NoRuntime).with_feature(HTarget::NoAsserts).with_feature(HTarget::NoBoundsQuery);
  return target;
}

}  // namespace qatc
