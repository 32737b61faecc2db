#define _POSIX_C_SOURCE 200809L
#include "peak.h"

#include <string.h>
#include <time.h>

/* As many independent accumulators as there are registers to spare hide the instructions' latency. */
#define EACH6(op, a, b, c, d, e, f) op(a) op(b) op(c) op(d) op(e) op(f)
#define ACCUMULATORS_4_TO_15(op) EACH6(op, 4, 5, 6, 7, 8, 9) EACH6(op, 10, 11, 12, 13, 14, 15)
#define ACCUMULATORS_4_TO_27(op) \
  ACCUMULATORS_4_TO_15(op) EACH6(op, 16, 17, 18, 19, 20, 21) EACH6(op, 22, 23, 24, 25, 26, 27)

#if defined(__x86_64__)

#define CLOBBERS_0_TO_15                                                                                              \
  "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", \
      "xmm14", "xmm15"

#define DOT_ZMM(r) "vpdpbusd %%zmm0, %%zmm1, %%zmm" #r "\n"
__attribute__((target("avx512f,avx512vnni"))) static void run_avx512vnni(long iterations) {
  for (long i = 0; i < iterations; ++i) {
    __asm__ volatile(ACCUMULATORS_4_TO_27(DOT_ZMM)::
                         : CLOBBERS_0_TO_15, "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23",
                           "xmm24", "xmm25", "xmm26", "xmm27");
  }
}
static int has_avx512vnni(void) { return __builtin_cpu_supports("avx512vnni"); }

/* The VEX form, by its bytes: assemblers disagree on how to ask for it. vpdpbusd ymm<r>, ymm1, ymm0 */
#define DOT_YMM_LOW(r) ".byte 0xc4, 0xe2, 0x75, 0x50, 0xc0 + 8 * " #r "\n"
#define DOT_YMM_HIGH(r) ".byte 0xc4, 0x62, 0x75, 0x50, 0xc0 + 8 * (" #r " - 8)\n"
__attribute__((target("avx2"))) static void run_avxvnni(long iterations) {
  for (long i = 0; i < iterations; ++i) {
    __asm__ volatile(EACH6(DOT_YMM_LOW, 2, 3, 4, 5, 6, 7) EACH6(DOT_YMM_HIGH, 8, 9, 10, 11, 12, 13)::
                         : CLOBBERS_0_TO_15);
  }
}
static int has_avxvnni(void) {
  unsigned eax = 7;
  unsigned ebx = 0;
  unsigned ecx = 1;
  unsigned edx = 0;
  if (!__builtin_cpu_supports("avx2")) {
    return 0;
  }
  __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
  return (eax >> 4) & 1;
}

#define PAIR_YMM(r) "vpmaddwd %%ymm0, %%ymm1, %%ymm2\nvpaddd %%ymm2, %%ymm" #r ", %%ymm" #r "\n"
__attribute__((target("avx2"))) static void run_avx2(long iterations) {
  for (long i = 0; i < iterations; ++i) __asm__ volatile(ACCUMULATORS_4_TO_15(PAIR_YMM)::: CLOBBERS_0_TO_15);
}
static int has_avx2(void) { return __builtin_cpu_supports("avx2"); }

#define PAIR_XMM(r) "movdqa %%xmm0, %%xmm2\npmaddwd %%xmm1, %%xmm2\npaddd %%xmm2, %%xmm" #r "\n"
static void run_sse2(long iterations) {
  for (long i = 0; i < iterations; ++i) __asm__ volatile(ACCUMULATORS_4_TO_15(PAIR_XMM)::: CLOBBERS_0_TO_15);
}
static int has_sse2(void) { return 1; }

static const qatc_peak kPeaks[] = {
    {"avx512vnni", "vpdpbusd zmm", 24.0 * 64, has_avx512vnni, run_avx512vnni},
    {"avxvnni", "vpdpbusd ymm", 12.0 * 32, has_avxvnni, run_avxvnni},
    {"avx2", "vpmaddwd, vpaddd ymm", 12.0 * 16, has_avx2, run_avx2},
    {"base", "movdqa, pmaddwd, paddd xmm", 12.0 * 8, has_sse2, run_sse2},
};

#elif defined(__aarch64__)

#include <sys/auxv.h>

#define CLOBBERS                                                                                                      \
  "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15", "v16", "v17", \
      "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27"

/* By their words: how an assembler is told of an extension differs. smmla v<r>.4s, v0.16b, v1.16b */
#define SMMLA(r) ".inst 0x4e81a400 + " #r "\n"
static void run_i8mm(long iterations) {
  for (long i = 0; i < iterations; ++i) __asm__ volatile(ACCUMULATORS_4_TO_27(SMMLA)::: CLOBBERS);
}
static int has_i8mm(void) { return (getauxval(AT_HWCAP2) >> 13) & 1; /* HWCAP2_I8MM */ }

/* sdot v<r>.4s, v0.16b, v1.4b[0] */
#define SDOT(r) ".inst 0x4f81e000 + " #r "\n"
static void run_dotprod(long iterations) {
  for (long i = 0; i < iterations; ++i) __asm__ volatile(ACCUMULATORS_4_TO_27(SDOT)::: CLOBBERS);
}
static int has_dotprod(void) { return (getauxval(AT_HWCAP) >> 20) & 1; /* HWCAP_ASIMDDP */ }

#define PAIR(r) "smull v2.8h, v0.8b, v1.8b\nsadalp v" #r ".4s, v2.8h\n"
static void run_neon(long iterations) {
  for (long i = 0; i < iterations; ++i) __asm__ volatile(ACCUMULATORS_4_TO_27(PAIR)::: CLOBBERS);
}
static int has_neon(void) { return 1; }

static const qatc_peak kPeaks[] = {
    {"i8mm", "smmla", 24.0 * 32, has_i8mm, run_i8mm},
    {"dotprod", "sdot", 24.0 * 16, has_dotprod, run_dotprod},
    {"base", "smull, sadalp", 24.0 * 8, has_neon, run_neon},
};

#endif

const qatc_peak* qatc_fastest_peak(void) {
  const qatc_peak* peak = kPeaks;
  while (!peak->supported()) ++peak; /* the last one is the architecture's baseline */
  return peak;
}

const qatc_peak* qatc_find_peak(const char* isa) {
  for (size_t i = 0; i < sizeof kPeaks / sizeof kPeaks[0]; ++i) {
    if (strcmp(kPeaks[i].isa, isa) == 0 && kPeaks[i].supported()) {
      return &kPeaks[i];
    }
  }
  return NULL;
}

static double seconds_of(const qatc_peak* peak, long iterations) {
  struct timespec begin;
  struct timespec end;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  peak->run(iterations);
  clock_gettime(CLOCK_MONOTONIC, &end);
  return (double)(end.tv_sec - begin.tv_sec) + 1e-9 * (double)(end.tv_nsec - begin.tv_nsec);
}

double qatc_measure_peak(const qatc_peak* peak, double seconds) {
  /* From a guess of one iteration's time that is low on any machine to a burst of the length asked for. */
  long iterations = 1000;
  double taken = seconds_of(peak, iterations);
  if (taken > 0 && taken < seconds) {
    iterations = (long)((double)iterations * (seconds / taken)) + 1;
    taken = seconds_of(peak, iterations);
  }
  return taken > 0 ? (double)iterations * peak->multiply_adds / taken * 1e-9 : 0;
}
