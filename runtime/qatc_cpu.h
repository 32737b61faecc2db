/* qatc_cpu.h - what the words mean in which CPUs and systems describe a CPU. Not part of the public API: apps call
 * qatc_cpu_features, which reads the words of the CPU that it runs on. */
#ifndef QATC_CPU_H
#define QATC_CPU_H

#include "qatc_runtime.h"

/** Linux's and Android's auxiliary vector on ARM64: AT_HWCAP and AT_HWCAP2. */
static inline uint32_t qatc_features_of_hwcap(uint64_t hwcap, uint64_t hwcap2) {
  const uint64_t asimddp = (uint64_t)1 << 20;
  const uint64_t i8mm = (uint64_t)1 << 13; /* of hwcap2 */
  if ((hwcap & asimddp) == 0) return 0;
  return QATC_CPU_DOTPROD | ((hwcap2 & i8mm) != 0 ? (uint32_t)QATC_CPU_I8MM : 0);
}

/** What x86-64 says of itself; 0 for a leaf that the CPU does not know. */
typedef struct qatc_x86_words {
  uint32_t leaf1_ecx, leaf7_ebx, leaf7_ecx; /**< cpuid */
  uint32_t leaf7_1_eax;                     /**< cpuid leaf 7, subleaf 1 */
  uint32_t xcr0; /**< xgetbv: the registers that the system saves; 0 where there is no such instruction */
} qatc_x86_words;

static inline uint32_t qatc_features_of_x86(const qatc_x86_words* words) {
  const uint32_t fma_osxsave_avx_f16c = 1U << 12 | 1U << 27 | 1U << 28 | 1U << 29;
  const uint32_t avx2 = 1U << 5;
  const uint32_t xmm_ymm = 0x06, xmm_ymm_zmm_masks = 0xE6;
  const uint32_t f_dq_ifma_cd_bw_vl = 1U << 16 | 1U << 17 | 1U << 21 | 1U << 28 | 1U << 30 | 1U << 31;
  const uint32_t vbmi_vnni = 1U << 1 | 1U << 11;
  const uint32_t avxvnni = 1U << 4;
  uint32_t features;
  if ((words->leaf1_ecx & fma_osxsave_avx_f16c) != fma_osxsave_avx_f16c || (words->leaf7_ebx & avx2) == 0 ||
      (words->xcr0 & xmm_ymm) != xmm_ymm) {
    return 0;
  }
  features = QATC_CPU_AVX2;
  if ((words->leaf7_1_eax & avxvnni) != 0) features |= QATC_CPU_AVXVNNI;
  if ((words->leaf7_ebx & f_dq_ifma_cd_bw_vl) == f_dq_ifma_cd_bw_vl && (words->leaf7_ecx & vbmi_vnni) == vbmi_vnni &&
      (words->xcr0 & xmm_ymm_zmm_masks) == xmm_ymm_zmm_masks) {
    features |= QATC_CPU_AVX512VNNI;
  }
  return features;
}

#endif /* QATC_CPU_H */
