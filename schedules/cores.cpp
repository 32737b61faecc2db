#include "schedules/cores.h"

namespace qatc {

namespace {

constexpr double kKilo = 1024;

// x86-64: instruction tables of uops.info and Agner Fog.

/// Ice Lake with vectors of 512 bits.
constexpr Core kIceLake512{.name = "icelake-server",
                           .products = 2,
                           .simd = 2,
                           .loads = 2,
                           .issue = 5,
                           .latency = 5,
                           .loop = 8,
                           .stream = 48,
                           .level1 = 48 * kKilo};

/// Ice Lake with vectors of 256 bits and less.
constexpr Core kIceLake256{.name = "icelake-server",
                           .products = 2,
                           .simd = 3,
                           .loads = 2,
                           .issue = 5,
                           .latency = 5,
                           .loop = 8,
                           .stream = 48,
                           .level1 = 48 * kKilo};

/// Zen 4 with vectors of 512 bits, whose halves it computes one after the other.
constexpr Core kZen4With512{.name = "znver4",
                            .products = 1,
                            .simd = 2,
                            .loads = 2,
                            .issue = 6,
                            .latency = 4,
                            .loop = 8,
                            .stream = 32,
                            .level1 = 32 * kKilo};

/// Zen 4 with vectors of 256 bits and less.
constexpr Core kZen4With256{.name = "znver4",
                            .products = 2,
                            .simd = 3,
                            .loads = 3,
                            .issue = 6,
                            .latency = 4,
                            .loop = 8,
                            .stream = 32,
                            .level1 = 32 * kKilo};

/// Arm Neoverse N1 Software Optimization Guide. Cortex-A76 is the same core.
constexpr Core kNeoverseN1{.name = "neoverse-n1",
                           .products = 2,
                           .simd = 2,
                           .loads = 2,
                           .issue = 4,
                           .latency = 1,
                           .loop = 6,
                           .stream = 32,
                           .level1 = 64 * kKilo};

/// Arm Cortex-A55 Software Optimization Guide.
constexpr Core kCortexA55{.name = "cortex-a55",
                          .products = 1,
                          .simd = 1,
                          .loads = 1,
                          .issue = 2,
                          .latency = 1,
                          .loop = 10,
                          .stream = 8,
                          .level1 = 32 * kKilo};

/// Arm Neoverse V2 Software Optimization Guide.
constexpr Core kNeoverseV2{.name = "neoverse-v2",
                           .products = 4,
                           .simd = 4,
                           .loads = 3,
                           .issue = 8,
                           .latency = 1,
                           .loop = 6,
                           .stream = 64,
                           .level1 = 64 * kKilo};

}  // namespace

const std::vector<Core>& cores(Isa isa) {
  static const std::vector<Core> avx512{kIceLake512, kZen4With512};
  // Cores with AVX-VNNI and without AVX-512 have the same units, as have those that run base code.
  static const std::vector<Core> avx2{kIceLake256, kZen4With256};
  static const std::vector<Core> arm{kNeoverseN1, kCortexA55, kNeoverseV2};
  static const std::vector<Core> i8mm{kNeoverseV2};  // the one of them with matrix products
  if (isa == Isa::kArmI8mm) return i8mm;
  if (is_arm(isa)) return arm;
  return isa == Isa::kX86Vnni ? avx512 : avx2;
}

}  // namespace qatc
