#include "lower/target.h"

#include <algorithm>

#include "qatc_runtime.h"
#include "support/error.h"

namespace qatc {

namespace {

using HTarget = Halide::Target;

constexpr const char* kAccepted =
    "host, arm-64-linux, arm-64-android, arm-64-ios, arm-64-osx, x86-64-linux, each alone, with CPU features "
    "after dashes, e.g. arm-64-linux-arm_dot_prod-i8mm, or with instruction sets to choose from at run time, "
    "e.g. arm-64-linux:i8mm,dotprod,base";

constexpr Isa kAllIsas[] = {Isa::kX86Vnni, Isa::kX86AvxVnni, Isa::kX86Avx2, Isa::kX86Base,
                            Isa::kArmI8mm, Isa::kArmDotprod, Isa::kArmBase};  // those of an architecture best first

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

NamedTarget detect_host() {
#if defined(__x86_64__)
  const uint32_t features = qatc_cpu_features();
  if ((features & QATC_CPU_AVX512VNNI) != 0) return {HTarget(kHalideVnni)};
  if ((features & QATC_CPU_AVX2) == 0) return {HTarget("x86-64-linux")};
  return {HTarget(kHalideAvx2), (features & QATC_CPU_AVXVNNI) != 0};
#else
  NamedTarget target{Halide::get_host_target()};
  if ((qatc_cpu_features() & QATC_CPU_DOTPROD) != 0) target.halide.set_feature(HTarget::ARMDotProd);
  target.i8mm = (qatc_cpu_features() & QATC_CPU_I8MM) != 0;
  return target;
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
  if (name.find_first_of(",:") != std::string::npos) {
    throw UsageError("target '" + name +
                     "': one with one instruction set is wanted here, e.g. arm-64-linux-arm_dot_prod");
  }
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

/// What follows the platform in a target's name to choose `isa`.
std::string features_of(Isa isa) {
  switch (isa) {
    case Isa::kX86Base:
    case Isa::kArmBase:
      return "";
    case Isa::kX86Avx2:
      return "-avx2";
    case Isa::kX86AvxVnni:
      return "-avx2-avxvnni";
    case Isa::kX86Vnni:
      return std::string(kHalideVnni).substr(std::string("x86-64-linux").size());
    case Isa::kArmDotprod:
      return "-arm_dot_prod";
    case Isa::kArmI8mm:
      return "-arm_dot_prod-i8mm";
  }
  QATC_CHECK(false, "unknown instruction set");
}

/// The same for users: without what the last one implies.
std::string short_features_of(Isa isa) {
  return isa == Isa::kX86Vnni ? "avx512_sapphirerapids" : features_of(isa).substr(1);
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts{""};
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

/// A feature that `isa` neither is chosen by nor implies would get code that does without it.
void require_used_features(const std::string& name, const HTarget& platform, Isa isa) {
  std::string implied = "-host-" + HTarget(platform.os, platform.arch, platform.bits).to_string() + features_of(isa);
  if (isa == Isa::kX86Avx2 || isa == Isa::kX86AvxVnni) implied += "-sse41-avx-f16c-fma";
  const std::vector<std::string> known = split(implied, '-');
  for (const std::string& word : split(name, '-')) {
    if (std::find(known.begin(), known.end(), word) != known.end()) continue;
    std::string choices;
    for (const Isa other : kAllIsas) {
      if (is_arm(other) != is_arm(isa) || features_of(other).empty()) continue;
      choices += (choices.empty() ? "" : ", ") + short_features_of(other);
    }
    const std::string hint = word.rfind("avx512", 0) == 0 ? "; for AVX-512 without VNNI and VBMI use avx2" : "";
    throw UsageError("target '" + name + "': there is no code for " + word + "; there is for " + choices + hint);
  }
}

/// The instruction sets of a list, best first.
std::vector<Isa> parse_isas(const std::string& list, bool arm, const std::string& name) {
  std::vector<std::string> words = split(list, ',');
  std::vector<Isa> isas;
  std::string known;
  for (const Isa isa : kAllIsas) {
    if (is_arm(isa) != arm) continue;
    known += (known.empty() ? "" : ", ") + std::string(isa_name(isa));
    if (std::erase(words, isa_name(isa)) > 0) isas.push_back(isa);
  }
  if (!words.empty()) {
    throw UsageError("target '" + name + "': there is no instruction set '" + words.front() + "' here; there are " +
                     known);
  }
  return isas;
}

}  // namespace

bool is_apple(const Target& target) { return target.halide.os == HTarget::IOS || target.halide.os == HTarget::OSX; }

std::string platform_name(const Target& target) {
  return HTarget(target.halide.os, target.halide.arch, target.halide.bits).to_string();
}

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
  if (!host) require_used_features(name, named.halide, target.isa);
  // One of Halide's features does not imply those below it.
  if (target.isa == Isa::kX86AvxVnni || target.isa == Isa::kX86Vnni) named.halide = HTarget(kHalideVnni);
  if (target.isa == Isa::kX86Avx2) named.halide = HTarget(kHalideAvx2);
  target.clang_triple = clang_triple(named.halide);
  target.is_host = host;
  target.halide = named.halide.with_feature(HTarget::NoRuntime)
                      .with_feature(HTarget::NoAsserts)
                      .with_feature(HTarget::NoBoundsQuery);
  return target;
}

TargetSet parse_target_set(const std::string& name) {
  const size_t colon = name.find(':');
  TargetSet set{name, name.substr(0, colon), {}, colon != std::string::npos};
  const Target platform = parse_target(set.folder);
  if (!set.is_list) {
    set.targets = {platform};
    return set;
  }
  if (platform.is_host || std::count(set.folder.begin(), set.folder.end(), '-') != 2) {
    throw UsageError("target '" + name + "': before a list of instruction sets stands a platform alone, e.g. " +
                     (is_arm(platform.isa) ? "arm-64-linux:dotprod,base" : "x86-64-linux:avx2,base"));
  }
  for (const Isa isa : parse_isas(name.substr(colon + 1), is_arm(platform.isa), name)) {
    set.targets.push_back(parse_target(set.folder + features_of(isa)));
    QATC_CHECK(set.targets.back().isa == isa, "a target's name that means another instruction set");
  }
  return set;
}

std::vector<std::string> split_target_sets(const std::string& text) {
  std::vector<std::string> sets;
  bool in_list = false;
  for (const std::string& word : split(text, ',')) {
    // Every target but `host` has a dash, no instruction set has one.
    const bool continues = in_list && word != "host" && word.find('-') == std::string::npos;
    if (continues) {
      sets.back() += "," + word;
    } else {
      sets.push_back(word);
      in_list = word.find(':') != std::string::npos;
    }
  }
  std::vector<std::string> once;
  for (const std::string& set : sets) {
    if (std::find(once.begin(), once.end(), set) == once.end()) once.push_back(set);
  }
  return once;
}

uint32_t required_features(Isa isa) {
  switch (isa) {
    case Isa::kX86Base:
    case Isa::kArmBase:
      return 0;
    case Isa::kX86Avx2:
      return QATC_CPU_AVX2;
    case Isa::kX86AvxVnni:
      return QATC_CPU_AVXVNNI;
    case Isa::kX86Vnni:
      return QATC_CPU_AVX512VNNI;
    case Isa::kArmDotprod:
      return QATC_CPU_DOTPROD;
    case Isa::kArmI8mm:
      return QATC_CPU_I8MM;
  }
  QATC_CHECK(false, "unknown instruction set");
}

}  // namespace qatc
