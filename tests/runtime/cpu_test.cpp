// What the words of CPUs and systems mean, with words that were made up.

#include <gtest/gtest.h>

#include <vector>

#include "apple_cpu.h"
#include "qatc_cpu.h"

namespace {

constexpr uint32_t bit(int n) { return 1U << n; }

/// An Ice Lake server under Linux, as far as anyone asks.
qatc_x86_words ice_lake() {
  qatc_x86_words words{};
  words.leaf1_ecx = bit(12) | bit(27) | bit(28) | bit(29);
  words.leaf7_ebx = bit(5) | bit(16) | bit(17) | bit(21) | bit(28) | bit(30) | bit(31);
  words.leaf7_ecx = bit(1) | bit(11);
  words.xcr0 = 0xE7;
  return words;
}

TEST(Cpu, X86) {
  qatc_x86_words words = ice_lake();
  EXPECT_EQ(qatc_features_of_x86(&words), uint32_t{QATC_CPU_AVX2 | QATC_CPU_AVX512VNNI});
  words.leaf7_1_eax = bit(4);
  EXPECT_EQ(qatc_features_of_x86(&words), uint32_t{QATC_CPU_AVX2 | QATC_CPU_AVXVNNI | QATC_CPU_AVX512VNNI});
  words.leaf7_ebx = bit(5);
  words.leaf7_ecx = 0;
  EXPECT_EQ(qatc_features_of_x86(&words), uint32_t{QATC_CPU_AVX2 | QATC_CPU_AVXVNNI});
  words.leaf7_1_eax = ~bit(4);
  EXPECT_EQ(qatc_features_of_x86(&words), uint32_t{QATC_CPU_AVX2});
  const qatc_x86_words none{};
  EXPECT_EQ(qatc_features_of_x86(&none), 0U);
}

TEST(Cpu, X86NeedsEveryBit) {
  for (int n = 0; n < 32; ++n) {
    qatc_x86_words words = ice_lake();
    words.leaf7_1_eax = bit(4);
    if ((words.leaf1_ecx & bit(n)) != 0) {
      words.leaf1_ecx ^= bit(n);
      EXPECT_EQ(qatc_features_of_x86(&words), 0U) << "leaf 1, bit " << n;
      words.leaf1_ecx ^= bit(n);
    }
    if ((words.leaf7_ebx & bit(n)) != 0) {
      words.leaf7_ebx ^= bit(n);
      EXPECT_EQ(qatc_features_of_x86(&words), n == 5 ? 0U : QATC_CPU_AVX2 | QATC_CPU_AVXVNNI) << "ebx, bit " << n;
      words.leaf7_ebx ^= bit(n);
    }
    if ((words.leaf7_ecx & bit(n)) != 0) {
      words.leaf7_ecx ^= bit(n);
      EXPECT_EQ(qatc_features_of_x86(&words), uint32_t{QATC_CPU_AVX2 | QATC_CPU_AVXVNNI}) << "ecx, bit " << n;
    }
  }
}

TEST(Cpu, X86NeedsASystemThatSavesTheRegisters) {
  qatc_x86_words words = ice_lake();
  words.leaf7_1_eax = bit(4);
  for (const uint32_t xcr0 : {0x07U, 0x27U, 0x67U, 0xC7U}) {  // not all of masks and zmm
    words.xcr0 = xcr0;
    EXPECT_EQ(qatc_features_of_x86(&words), uint32_t{QATC_CPU_AVX2 | QATC_CPU_AVXVNNI}) << xcr0;
  }
  for (const uint32_t xcr0 : {0x00U, 0x01U, 0x03U, 0xE3U}) {  // not ymm
    words.xcr0 = xcr0;
    EXPECT_EQ(qatc_features_of_x86(&words), 0U) << xcr0;
  }
}

TEST(Cpu, ArmAuxiliaryVector) {
  constexpr uint64_t kFpAsimd = 3, kAsimdDp = uint64_t{1} << 20, kI8mm = uint64_t{1} << 13;
  EXPECT_EQ(qatc_features_of_hwcap(kFpAsimd, 0), 0U);
  EXPECT_EQ(qatc_features_of_hwcap(kFpAsimd | kAsimdDp, 0), uint32_t{QATC_CPU_DOTPROD});
  EXPECT_EQ(qatc_features_of_hwcap(kFpAsimd | kAsimdDp, kI8mm), uint32_t{QATC_CPU_DOTPROD | QATC_CPU_I8MM});
  EXPECT_EQ(qatc_features_of_hwcap(kFpAsimd, kI8mm), 0U) << "code for i8mm has dot products, too";
  EXPECT_EQ(qatc_features_of_hwcap(~kAsimdDp, ~kI8mm), 0U);
  EXPECT_EQ(qatc_features_of_hwcap(kAsimdDp, ~kI8mm), uint32_t{QATC_CPU_DOTPROD});
}

TEST(Cpu, AppleSystems) {
  const auto features = [](std::vector<apple_number> numbers) {
    numbers.push_back({nullptr, 0});
    return features_of_apple(numbers.data());
  };
  constexpr const char* kDotProd = "hw.optional.arm.FEAT_DotProd";
  constexpr const char* kI8mm = "hw.optional.arm.FEAT_I8MM";
  EXPECT_EQ(features({}), 0U) << "a system that knows no names";
  EXPECT_EQ(features({{kDotProd, 0}, {kI8mm, 0}}), 0U);
  EXPECT_EQ(features({{kDotProd, 1}}), uint32_t{QATC_CPU_DOTPROD});
  EXPECT_EQ(features({{kDotProd, 1}, {kI8mm, 0}}), uint32_t{QATC_CPU_DOTPROD});
  EXPECT_EQ(features({{kDotProd, 1}, {kI8mm, 1}}), uint32_t{QATC_CPU_DOTPROD | QATC_CPU_I8MM});
  EXPECT_EQ(features({{kDotProd, 0}, {kI8mm, 1}}), 0U) << "code for i8mm has dot products, too";
}

#if defined(__x86_64__)
TEST(Cpu, ThisOneIsWhatItsCompilerSays) {
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
  EXPECT_EQ((qatc_cpu_features() & QATC_CPU_AVX2) != 0, avx2);
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512vnni") != 0 && __builtin_cpu_supports("avx512vbmi") != 0 &&
                      __builtin_cpu_supports("avx512vl") != 0;
  EXPECT_EQ((qatc_cpu_features() & QATC_CPU_AVX512VNNI) != 0, avx512);
}
#endif

}  // namespace
