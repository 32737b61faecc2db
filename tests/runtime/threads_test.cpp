#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "qatc_threads.h"

namespace {

class Pool {
 public:
  explicit Pool(int32_t workers) { qatc_threads_create(&threads_, workers); }
  ~Pool() { qatc_threads_destroy(&threads_); }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  const qatc_executor* executor() const { return qatc_threads_executor(&threads_); }
  void run(int32_t count, void (*body)(void*, int32_t), void* data) const {
    executor()->parallel_for(executor()->context, count, body, data);
  }

 private:
  qatc_threads threads_;
};

void count_visit(void* data, int32_t index) { ++(*static_cast<std::vector<int>*>(data))[static_cast<size_t>(index)]; }

TEST(Threads, VisitsEveryIndexOnce) {
  for (int32_t workers : {1, 2, 3, 8}) {
    const Pool pool(workers);
    EXPECT_EQ(pool.executor()->workers, workers);
    for (int32_t count : {0, 1, 2, 3, 7, 64, 1000}) {
      std::vector<int> visits(static_cast<size_t>(count), 0);
      pool.run(count, count_visit, &visits);
      EXPECT_EQ(visits, std::vector<int>(static_cast<size_t>(count), 1)) << workers << " workers";
    }
  }
}

TEST(Threads, ManyShortJobsSeeWhatTheCallerWrote) {
  const Pool pool(3);
  std::vector<int> visits(5, 0);  // plain ints: a missing happens-before is a race for ThreadSanitizer
  for (int job = 0; job < 3000; ++job) {
    pool.run(5, count_visit, &visits);
    for (int& v : visits) {
      ASSERT_EQ(v, 1) << "job " << job;
      v = 0;
    }
  }
}

TEST(Threads, PoolsComeAndGo) {
  for (int i = 0; i < 50; ++i) {
    const Pool pool(4);
    std::vector<int> visits(9, 0);
    if (i % 2 == 0) pool.run(9, count_visit, &visits);
    EXPECT_EQ(visits, std::vector<int>(9, i % 2 == 0 ? 1 : 0));
  }
}

struct Nested {
  const Pool* pool;
  std::atomic<int> inner{0};
};

TEST(Threads, BodiesMayUseThePool) {
  const Pool pool(3);
  Nested nested{&pool};
  pool.run(
      6,
      [](void* data, int32_t) {
        auto* n = static_cast<Nested*>(data);
        n->pool->run(
            10, [](void* inner, int32_t) { ++static_cast<Nested*>(inner)->inner; }, n);
      },
      &nested);
  EXPECT_EQ(nested.inner, 60);
}

TEST(Threads, SeveralThreadsMayShareOnePool) {
  const Pool pool(3);
  std::vector<std::thread> callers;
  std::atomic<int> wrong{0};
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&pool, &wrong] {
      for (int job = 0; job < 300; ++job) {
        std::vector<int> visits(7, 0);
        pool.run(7, count_visit, &visits);
        if (visits != std::vector<int>(7, 1)) ++wrong;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(wrong, 0);
}

TEST(Threads, BringsTheNumberOfWorkersIntoRange) {
  EXPECT_EQ(Pool(-5).executor()->workers, 1);
  EXPECT_EQ(Pool(0).executor()->workers, 1);
  EXPECT_EQ(Pool(1000).executor()->workers, QATC_THREADS_MAX);
}

}  // namespace
