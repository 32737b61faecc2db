/* A pool of POSIX threads. All of a job's state is under one mutex, also the next index: jobs come in few
 * large pieces. Two atomic hints let threads spin for a while before they sleep, since a network is a chain of
 * short jobs and waking a sleeping thread takes as long as a small one. */
#include "qatc_threads.h"

#include <stdatomic.h>

#if __STDC_HOSTED__
#include <pthread.h>
#else
/* Without a target's system headers: what Linux, Android and Darwin have in common on 64-bit machines. The
 * types are only ever passed by address, and 64 bytes hold each of them. */
typedef struct pthread* pthread_t;
typedef struct pthread_mutex {
  uint64_t opaque[8];
} pthread_mutex_t;
typedef struct pthread_cond {
  uint64_t opaque[8];
} pthread_cond_t;
int pthread_create(pthread_t* thread, const void* attributes, void* (*start)(void*), void* argument);
int pthread_join(pthread_t thread, void** result);
int pthread_mutex_init(pthread_mutex_t* mutex, const void* attributes);
int pthread_mutex_lock(pthread_mutex_t* mutex);
int pthread_mutex_unlock(pthread_mutex_t* mutex);
int pthread_mutex_destroy(pthread_mutex_t* mutex);
int pthread_cond_init(pthread_cond_t* condition, const void* attributes);
int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex);
int pthread_cond_broadcast(pthread_cond_t* condition);
int pthread_cond_signal(pthread_cond_t* condition);
int pthread_cond_destroy(pthread_cond_t* condition);
#endif

/* may_alias: it lives in the app's qatc_threads.state. */
typedef struct __attribute__((may_alias)) pool {
  pthread_mutex_t mutex;
  pthread_cond_t work_changed; /* there is an index to take, or the pool ends */
  pthread_cond_t job_finished;
  atomic_int has_work; /* hint: next < count, or stop */
  atomic_int is_done;  /* hint: finished == count */
  /* Everything below is read and written with the mutex held. */
  int busy, stop;
  int32_t count, next, finished;
  void (*body)(void* data, int32_t index);
  void* data;
  int32_t thread_count;
  pthread_t threads[QATC_THREADS_MAX - 1];
} pool;

_Static_assert(sizeof(pool) <= sizeof(((qatc_threads*)0)->state), "enlarge qatc_threads.state");
_Static_assert(_Alignof(pool) <= _Alignof(uint64_t), "align qatc_threads.state");

static void pause_briefly(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/* A clock that every thread may read, and how far it goes in the time that a thread spins: 50 to 100 microseconds. A
 * stage of a small image takes about that long, and its threads are done one row apart. */
#if defined(__x86_64__)
static uint64_t now(void) { return __builtin_ia32_rdtsc(); }
static uint64_t spin_time(void) { return 200000; /* of 2 to 4 GHz */ }
#elif defined(__aarch64__)
static uint64_t now(void) {
  uint64_t ticks;
  __asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
  return ticks;
}
static uint64_t spin_time(void) {
  uint64_t ticks_per_second;
  __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(ticks_per_second));
  return ticks_per_second / 10000;
}
#else
#error "x86-64 or ARM64"
#endif

static void spin_until(atomic_int* hint) {
  const uint64_t start = now();
  while (atomic_load_explicit(hint, memory_order_relaxed) == 0 && now() - start < spin_time()) {
    pause_briefly();
  }
}

/* Takes indices until none is left. The mutex is held on entry and on return. */
static void work(pool* p) {
  while (p->next < p->count) {
    const int32_t index = p->next++;
    void (*body)(void*, int32_t) = p->body;
    void* data = p->data;
    if (p->next == p->count) {
      atomic_store_explicit(&p->has_work, 0, memory_order_relaxed);
    }
    pthread_mutex_unlock(&p->mutex);
    body(data, index);
    pthread_mutex_lock(&p->mutex);
    if (++p->finished == p->count) {
      atomic_store_explicit(&p->is_done, 1, memory_order_relaxed);
      pthread_cond_signal(&p->job_finished);
    }
  }
}

static void* run_worker(void* argument) {
  pool* p = (pool*)argument;
  pthread_mutex_lock(&p->mutex);
  while (!p->stop) {
    work(p);
    pthread_mutex_unlock(&p->mutex);
    spin_until(&p->has_work);
    pthread_mutex_lock(&p->mutex);
    while (!p->stop && p->next >= p->count) {
      pthread_cond_wait(&p->work_changed, &p->mutex);
    }
  }
  pthread_mutex_unlock(&p->mutex);
  return NULL;
}

static void parallel_for(void* context, int32_t count, void (*body)(void* data, int32_t index), void* data) {
  pool* p = (pool*)context;
  pthread_mutex_lock(&p->mutex);
  if (p->busy || p->thread_count == 0 || count <= 1) {
    pthread_mutex_unlock(&p->mutex);
    for (int32_t i = 0; i < count; ++i) {
      body(data, i);
    }
    return;
  }
  p->busy = 1;
  p->body = body;
  p->data = data;
  p->count = count;
  p->next = 0;
  p->finished = 0;
  atomic_store_explicit(&p->is_done, 0, memory_order_relaxed);
  atomic_store_explicit(&p->has_work, 1, memory_order_relaxed);
  pthread_cond_broadcast(&p->work_changed);
  work(p);
  if (p->finished < p->count) {
    pthread_mutex_unlock(&p->mutex);
    spin_until(&p->is_done);
    pthread_mutex_lock(&p->mutex);
    while (p->finished < p->count) {
      pthread_cond_wait(&p->job_finished, &p->mutex);
    }
  }
  p->busy = 0;
  pthread_mutex_unlock(&p->mutex);
}

int32_t qatc_threads_create(qatc_threads* threads, int32_t workers) {
  pool* p = (pool*)threads->state;
  const int32_t wanted = workers < 1 ? 1 : workers > QATC_THREADS_MAX ? QATC_THREADS_MAX : workers;
  p->busy = p->stop = 0;
  p->count = p->next = p->finished = 0;
  p->body = NULL;
  p->data = NULL;
  p->thread_count = 0;
  atomic_init(&p->has_work, 0);
  atomic_init(&p->is_done, 0);
  pthread_mutex_init(&p->mutex, NULL);
  pthread_cond_init(&p->work_changed, NULL);
  pthread_cond_init(&p->job_finished, NULL);

  int32_t started = 0;
  while (started < wanted - 1 && pthread_create(&p->threads[started], NULL, run_worker, p) == 0) {
    ++started;
  }
  pthread_mutex_lock(&p->mutex);
  p->thread_count = started;
  pthread_mutex_unlock(&p->mutex);

  threads->executor.context = p;
  threads->executor.workers = started + 1;
  threads->executor.parallel_for = parallel_for;
  return started + 1;
}

const qatc_executor* qatc_threads_executor(const qatc_threads* threads) { return &threads->executor; }

void qatc_threads_destroy(qatc_threads* threads) {
  pool* p = (pool*)threads->state;
  pthread_mutex_lock(&p->mutex);
  p->stop = 1;
  atomic_store_explicit(&p->has_work, 1, memory_order_relaxed);
  pthread_cond_broadcast(&p->work_changed);
  pthread_mutex_unlock(&p->mutex);
  for (int32_t i = 0; i < p->thread_count; ++i) {
    pthread_join(p->threads[i], NULL);
  }
  pthread_cond_destroy(&p->job_finished);
  pthread_cond_destroy(&p->work_changed);
  pthread_mutex_destroy(&p->mutex);
}
