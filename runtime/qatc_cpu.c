/* Which instructions the CPU has. An object of its own, so that libraries for one instruction set need nothing of the
 * system. Freestanding C11: what it calls of the system is declared here. */
#include "qatc_cpu.h"

#if defined(__aarch64__) && defined(__APPLE__)

int sysctlbyname(const char* name, void* value, size_t* size, void* new_value, size_t new_size);

/* A system that is too old to know the name counts as a CPU without: a library then runs its base code, or says
 * QATC_CPU_UNSUPPORTED where it has none. */
static int is_set(const char* name) {
  int32_t value = 0;
  size_t size = sizeof value;
  return sysctlbyname(name, &value, &size, NULL, 0) == 0 && value != 0;
}

uint32_t qatc_cpu_features(void) {
  if (!is_set("hw.optional.arm.FEAT_DotProd")) {
    return 0;
  }
  return QATC_CPU_DOTPROD | (is_set("hw.optional.arm.FEAT_I8MM") ? (uint32_t)QATC_CPU_I8MM : 0);
}

#elif defined(__aarch64__)

unsigned long getauxval(unsigned long type);

uint32_t qatc_cpu_features(void) {
  const unsigned long at_hwcap = 16, at_hwcap2 = 26;
  return qatc_features_of_hwcap(getauxval(at_hwcap), getauxval(at_hwcap2));
}

#elif defined(__x86_64__)

typedef struct registers {
  uint32_t eax, ebx, ecx, edx;
} registers;

static registers cpuid(uint32_t leaf, uint32_t subleaf) {
  registers r;
  __asm__ volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(subleaf));
  return r;
}

static uint32_t xcr0(void) {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

uint32_t qatc_cpu_features(void) {
  const uint32_t osxsave = 1U << 27;
  qatc_x86_words words = {0, 0, 0, 0, 0};
  if (cpuid(0, 0).eax < 7) {
    return 0;
  }
  const registers leaf7 = cpuid(7, 0);
  words.leaf1_ecx = cpuid(1, 0).ecx;
  words.leaf7_ebx = leaf7.ebx;
  words.leaf7_ecx = leaf7.ecx;
  words.leaf7_1_eax = leaf7.eax >= 1 ? cpuid(7, 1).eax : 0;
  words.xcr0 = (words.leaf1_ecx & osxsave) != 0 ? xcr0() : 0;
  return qatc_features_of_x86(&words);
}

#else
#error "the runtime needs ARM64 or x86-64"
#endif
