#ifndef APPLE_CPU_H
#define APPLE_CPU_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a system knows by name. */
typedef struct apple_number {
  const char* name;
  int32_t value;
} apple_number;

/** What qatc_cpu_features says on an Apple system that knows these; after the last one comes one without a name. */
uint32_t features_of_apple(const apple_number* of_system);

#ifdef __cplusplus
}
#endif

#endif /* APPLE_CPU_H */
