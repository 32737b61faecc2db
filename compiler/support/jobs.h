#pragma once

#include <functional>
#include <string>
#include <vector>

namespace qatc {

/// Runs jobs in forked processes, at most `parallel` at a time (0: as many as cores), and waits for all. A job's result
/// is what it leaves on disk; an exception of the first job (in order) that failed is thrown here, with its kind. Each
/// job starts from the same memory image, so its result cannot depend on what ran before it. Programs that it started and
/// that still run are killed when it ends, or when the whole is interrupted, which is thrown (interruption.h).
void run_jobs(const std::vector<std::function<void()>>& jobs, int parallel,
              const std::function<void(int done)>& progress);

}  // namespace qatc
