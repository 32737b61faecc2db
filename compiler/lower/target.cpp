#include "lower/target.h"

#include <algorithm>
#include <functional>

#include "qatc_runtime.h"
#include "support/error.h"
#include "support/text.h"

namespace qatc {

namespace {

using HTarget = Halide::Target;

constexpr const char* kAccepted =
    "host, arm-64-linux, arm-64-android, arm-64-ios, arm-64-osx, x86-64-linux, each alone, with CPU features "
    "after dashes, e.g. arm-64-linux-arm_dot_prod-i8mm, or with instruction sets to choose from at run time, "
    "e.g. arm-64-linux:i8mm,dotprod,base";

/// A platform, and the instruction set that the target's name chooses.
struct NamedTarget {
  HTarget platform;
  Isa isa;
};

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

std::vector<std::string> words_of(std::string_view features) {
  return features.empty() ? std::vector<std::string>() : split(std::string(features), '-');
}

/// The words that may follow the platform in a target's name for `isa`.
std::vector<std::string> features_of(Isa isa) {
  std::vector<std::string> words = words_of(target_features(isa));
  for (const std::string& word : words_of(implied_features(isa))) words.push_back(word);
  return words;
}

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_known_to_halide(const std::string& feature) {
  return HTarget::feature_from_name(feature) != HTarget::FeatureEnd;
}

/// Whether it is a feature that Halide has no name for.
bool is_ours(const std::string& word) {
  const auto has_word = [&](Isa isa) { return contains(features_of(isa), word); };
  return !is_known_to_halide(word) && std::any_of(std::begin(kAllIsas), std::end(kAllIsas), has_word);
}

/// The best instruction set of an architecture that passes `test`, as its base does.
template <class Test>
Isa best_isa(bool arm, Test&& test) {
  const Isa* best =
      std::find_if(std::begin(kAllIsas), std::end(kAllIsas), [&](Isa isa) { return is_arm(isa) == arm && test(isa); });
  QATC_CHECK(best != std::end(kAllIsas), "an architecture without a base");
  return *best;
}

HTarget without_features(const HTarget& target) { return {target.os, target.arch, target.bits}; }

NamedTarget detect_host() {
  const HTarget host = Halide::get_host_target();
  const auto runs_here = [](Isa isa) { return (required_features(isa) & ~qatc_cpu_features()) == 0; };
  return {without_features(host), best_isa(host.arch == HTarget::ARM, runs_here)};
}

/// What Halide chooses instructions by; emit/llvm_module.h says what the code may really use.
HTarget halide_target(const HTarget& platform, Isa isa) {
  HTarget target = platform;
  // Halide matches vpdpbusd, on any vector, for this one only.
  if (isa == Isa::kX86AvxVnni) isa = Isa::kX86Vnni;
  // One of Halide's features does not imply those below it.
  for (const std::string& feature : features_of(isa)) {
    if (is_known_to_halide(feature)) target.set_feature(HTarget::feature_from_name(feature));
  }
  return target.with_feature(HTarget::NoRuntime).with_feature(HTarget::NoAsserts).with_feature(HTarget::NoBoundsQuery);
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

/// Some choose an instruction set only beside others, e.g. i8mm beside arm_dot_prod.
void require_needed_features(const std::string& name, const std::vector<std::string>& words) {
  for (const Isa isa : kAllIsas) {
    const std::vector<std::string> features = words_of(target_features(isa));
    if (features.empty() || !contains(words, features.back())) continue;
    for (const std::string& feature : features) {
      if (!contains(words, feature))
        throw UsageError("target '" + name + "': " + features.back() + " needs " + feature);
    }
  }
}

NamedTarget parse_named_target(const std::string& name) {
  const std::vector<std::string> words = split(name, '-');
  std::vector<std::string> halide_words = words;
  std::erase_if(halide_words, is_ours);
  const std::string halide_name = join(halide_words, std::identity(), "-");
  if (name.find_first_of(",:") != std::string::npos) {
    throw UsageError("target '" + name +
                     "': one with one instruction set is wanted here, e.g. arm-64-linux-arm_dot_prod");
  }
  if (!HTarget::validate_target_string(halide_name)) {
    throw UsageError("target '" + name + "' is not known; use " + kAccepted);
  }
  require_needed_features(name, words);
  const HTarget halide(halide_name);
  const auto is_chosen = [&](Isa isa) {
    const std::vector<std::string> features = words_of(target_features(isa));
    return std::all_of(features.begin(), features.end(), [&](const std::string& f) { return contains(words, f); });
  };
  return {without_features(halide), best_isa(halide.arch == HTarget::ARM, is_chosen)};
}

/// A feature that neither chooses the instruction set nor is implied would get code that does without it.
void require_used_features(const std::string& name, const NamedTarget& target) {
  const std::vector<std::string> platform = split("host-" + target.platform.to_string(), '-');
  for (const std::string& word : split(name, '-')) {
    if (contains(platform, word) || contains(features_of(target.isa), word)) continue;
    std::string choices;
    for (const Isa other : kAllIsas) {
      if (is_arm(other) != is_arm(target.isa) || target_features(other).empty()) continue;
      choices += (choices.empty() ? "" : ", ") + std::string(target_features(other));
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
  const auto [platform, isa] = host ? detect_host() : parse_named_target(name);
  const bool arm = platform.arch == HTarget::ARM;
  const bool known_os = platform.os == HTarget::Linux || platform.os == HTarget::Android ||
                        platform.os == HTarget::IOS || platform.os == HTarget::OSX;
  const bool x86_linux = platform.arch == HTarget::X86 && platform.os == HTarget::Linux;
  if (platform.bits != 64 || !((arm && known_os) || x86_linux)) {
    throw UsageError("target '" + name + "' is not supported; use " + kAccepted);
  }
  if (!host) require_used_features(name, {platform, isa});
  return {name, halide_target(platform, isa), isa, clang_triple(platform), host};
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
    const std::string features(target_features(isa));
    set.targets.push_back(parse_target(set.folder + (features.empty() ? "" : "-" + features)));
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

}  // namespace qatc
