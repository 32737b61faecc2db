/* qatc_cpu.c as Apple's systems compile it, with a sysctlbyname that tells what a test has made up. The headers come first:
 * the system's own must not see that this is no Linux. */
#include "apple_cpu.h"

#include <string.h>

#include "qatc_cpu.h"

#undef __aarch64__
#undef __APPLE__
#define __aarch64__ 1
#define __APPLE__ 1
#define sysctlbyname apple_sysctlbyname
#define qatc_cpu_features apple_cpu_features

/* Names of which the system knows nothing are NULL; the sizes that it is asked with must be those of its numbers. */
static const apple_number* numbers;

int sysctlbyname(const char* name, void* value, size_t* size, void* new_value, size_t new_size) {
  const apple_number* number;
  if (new_value != NULL || new_size != 0 || *size != sizeof number->value) return -1;
  for (number = numbers; number->name != NULL; ++number) {
    if (strcmp(number->name, name) != 0) continue;
    memcpy(value, &number->value, sizeof number->value);
    return 0;
  }
  return -1;
}

#include "qatc_cpu.c"

uint32_t features_of_apple(const apple_number* of_system) {
  numbers = of_system;
  return apple_cpu_features();
}
