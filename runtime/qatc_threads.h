/* qatc_threads.h - a small pool of POSIX threads for apps that have none of their own. Optional: an app that
 * does not call it does not link it.
 *
 *   qatc_threads threads;
 *   qatc_threads_create(&threads, 4);
 *   net_run(&input, &output, arena, arena_size, qatc_threads_executor(&threads));
 *   qatc_threads_destroy(&threads);
 */
#ifndef QATC_THREADS_H
#define QATC_THREADS_H

#include "qatc_runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { QATC_THREADS_MAX = 64 };

/** The app's storage for a pool; its content is private. It must not be copied or moved while the pool lives.
 */
typedef struct qatc_threads {
  qatc_executor executor;
  uint64_t state[128];
} qatc_threads;

/** Starts workers - 1 threads (the calling thread is the first worker); workers is brought
 * into 1..QATC_THREADS_MAX. A call of a network uses at most QATC_MAX_WORKERS of them. Returns how many workers there
 * are, which is fewer where the system refuses threads, and at least 1. */
int32_t qatc_threads_create(qatc_threads* threads, int32_t workers);

/** The executor to pass to <name>_run. It lives as long as the pool. Calls from inside a body, or from
 * several threads at once, are allowed: the pool serves one of them, the others run on their own thread. */
const qatc_executor* qatc_threads_executor(const qatc_threads* threads);

/** Ends the threads. No call may be running on the pool. */
void qatc_threads_destroy(qatc_threads* threads);

#ifdef __cplusplus
}
#endif

#endif /* QATC_THREADS_H */
