// Libraries with code for several instruction sets: which code runs on which CPU, and that it makes no difference.

#include <gtest/gtest.h>

#include <algorithm>

#include "emit/dispatcher.h"
#include "ir/parse.h"
#include "lower/target.h"
#include "ops/evaluate.h"
#include "qatc_runtime.h"
#include "support/generated_library.h"

namespace qatc::testing {
namespace {

constexpr const char* kUnsupported = "the library has no code for this CPU";

Plan tiny_plan() {
  const Graph graph = parse(read_file(std::string(QATC_TESTS_DIR) + "/emit/tiny.txt"));
  return make_plan(graph, Rounding::kFloat);
}

/// What dispatch.c prints for the image that it makes, after its first line.
std::string expected_bytes(const Plan& plan) {
  RunResult in{9, 14, 3, {}};
  for (int i = 0; i < 9 * 14 * 3; ++i) in.bytes += static_cast<char>(i * 37 % 256);
  std::string text;
  for (const char byte : byte_image(evaluate(plan.graph, {tensor_of_bytes(in)}, plan.rounding).front()).bytes) {
    text += std::to_string(static_cast<uint8_t>(byte)) + "\n";
  }
  return text;
}

/// tests/e2e/dispatch.c with a library for `target`.
class Dispatch {
 public:
  explicit Dispatch(const std::string& target)
      : plan_(tiny_plan()), library_(plan_, {target}, "tiny"), expected_(expected_bytes(plan_)) {
    std::string isas;
    std::vector<std::string> flags{"-std=c11", "-Wall", "-Wextra", "-Werror"};
    const TargetSet set = parse_target_set(target);
    for (const Target& t : set.targets) {
      isas += "X(" + std::string(isa_name(t.isa)) + ") ";
      flags.push_back("-Wl,--wrap=" + symbol_prefix("tiny", set, t.isa) + "_run");
    }
    flags.push_back("-DISAS=" + isas);
    program_ = library_.link(target, std::string(QATC_TESTS_DIR) + "/e2e/dispatch.c", flags);
  }

  /// Which code ran, or why none. `runner`: what the program is started with. Checks the bytes of the result.
  std::string ran(const std::string& features, const std::vector<std::string>& runner = {}) const {
    std::vector<std::string> command = runner;
    command.insert(command.end(), {program_, features});
    const std::string printed = run_checked(command);
    const size_t line = printed.find('\n');
    std::string first = printed.substr(0, line);
    const std::string bytes = printed.substr(line + 1);
    if (first == kUnsupported) {
      EXPECT_EQ(bytes.find_first_not_of("0\n"), std::string::npos) << "something was written";
    } else {
      EXPECT_TRUE(bytes == expected_) << first << ": other bytes than the evaluator's";
    }
    return first;
  }

 private:
  Plan plan_;
  GeneratedLibrary library_;
  std::string expected_, program_;
};

std::vector<std::string> qemu(const std::string& cpu) {
  std::vector<std::string> command = runner("arm-64-linux");
  if (!command.empty()) command.back() = cpu;
  return command;
}

std::string text(uint32_t features) { return std::to_string(features); }

TEST(Dispatch, ArmCpusGetTheBestTheyHave) {
  const Dispatch all("arm-64-linux:dotprod,i8mm,base");
  const std::vector<std::string> max = qemu("max");
  const uint32_t cpu = max.empty() ? qatc_cpu_features() : QATC_CPU_DOTPROD | QATC_CPU_I8MM;
  EXPECT_EQ(all.ran("0", max), "base");
  EXPECT_EQ(all.ran(text(QATC_CPU_AVX2 | QATC_CPU_AVX512VNNI), max), "base");
  if ((cpu & QATC_CPU_DOTPROD) != 0) {
    EXPECT_EQ(all.ran(text(QATC_CPU_DOTPROD), max), "dotprod");
  }
  if ((cpu & QATC_CPU_I8MM) != 0) {
    EXPECT_EQ(all.ran(text(QATC_CPU_I8MM | QATC_CPU_DOTPROD), max), "i8mm");
    EXPECT_EQ(all.ran(text(QATC_CPU_I8MM), max), "i8mm");
  }
  if (max.empty()) GTEST_SKIP() << "no qemu to be other CPUs";
  EXPECT_EQ(all.ran("cpu", qemu("cortex-a53")), "base");
  EXPECT_EQ(all.ran("cpu", qemu("cortex-a76")), "dotprod");
  EXPECT_EQ(all.ran("cpu", max), "i8mm");
}

TEST(Dispatch, ArmCpusThatTheLibraryDoesNotCoverAreRefused) {
  const Dispatch newer("arm-64-linux:dotprod,i8mm");
  EXPECT_EQ(newer.ran("0", qemu("max")), kUnsupported);
  if (qemu("max").empty()) GTEST_SKIP() << "no qemu to be other CPUs";
  EXPECT_EQ(newer.ran("cpu", qemu("cortex-a53")), kUnsupported);
  EXPECT_EQ(newer.ran("cpu", qemu("cortex-a76")), "dotprod");
  const Dispatch two("arm-64-linux:base,i8mm");
  EXPECT_EQ(two.ran("cpu", qemu("cortex-a76")), "base");
}

#if defined(__x86_64__)
TEST(Dispatch, X86CpusGetTheBestTheyHave) {
  const Dispatch all("x86-64-linux:base,avx2,avxvnni,avx512vnni");
  std::string best = "base";
  for (const auto& [features, isa] : std::vector<std::pair<uint32_t, std::string>>{
           {0, "base"},
           {QATC_CPU_AVX2, "avx2"},
           {QATC_CPU_AVXVNNI, "avxvnni"},
           {QATC_CPU_AVX2 | QATC_CPU_AVXVNNI, "avxvnni"},
           {QATC_CPU_AVX512VNNI, "avx512vnni"},
           {QATC_CPU_AVX2 | QATC_CPU_AVX512VNNI, "avx512vnni"},
           {QATC_CPU_AVX2 | QATC_CPU_AVXVNNI | QATC_CPU_AVX512VNNI, "avx512vnni"},
       }) {
    if ((features & ~qatc_cpu_features()) != 0) continue;
    EXPECT_EQ(all.ran(text(features)), isa) << features;
    best = isa;
  }
  EXPECT_EQ(all.ran("cpu"), best);
  EXPECT_EQ(all.ran(text(QATC_CPU_DOTPROD | QATC_CPU_I8MM)), "base");
  EXPECT_EQ(all.ran("cpu", {QATC_QEMU_X86_64, "-cpu", "Nehalem"}), "base");
  EXPECT_EQ(all.ran("cpu", {QATC_QEMU_X86_64, "-cpu", "SandyBridge"}), "base");
  EXPECT_EQ(all.ran("cpu", {QATC_QEMU_X86_64, "-cpu", "Haswell"}), "avx2");
}

TEST(Dispatch, WhatTheX86LibraryLacksFallsBack) {
  const Dispatch two("x86-64-linux:avx2,base");
  EXPECT_EQ(two.ran(text(QATC_CPU_AVX512VNNI)), "base");
  if ((qatc_cpu_features() & QATC_CPU_AVX2) != 0) {
    EXPECT_EQ(two.ran(text(QATC_CPU_AVX512VNNI | QATC_CPU_AVX2)), "avx2");
    EXPECT_EQ(two.ran("cpu"), "avx2");
  }
  const Dispatch newer("x86-64-linux:avx512vnni,avxvnni");
  EXPECT_EQ(newer.ran("0"), kUnsupported);
  EXPECT_EQ(newer.ran(text(QATC_CPU_AVX2)), kUnsupported);
  EXPECT_EQ(newer.ran("cpu", {QATC_QEMU_X86_64, "-cpu", "Haswell"}), kUnsupported);
}
#endif

}  // namespace
}  // namespace qatc::testing
