#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "support/process.h"

namespace qatc {

/// Runs jobs in forked processes, at most `parallel` at a time (0: as many as cores), and waits for all. A job's result
/// is what it leaves on disk; an exception of the first job (in order) that failed is thrown here, with its kind. Each
/// job starts from the same memory image, so its result cannot depend on what ran before it. Programs that it started and
/// that still run are killed when it ends, or when the whole is interrupted, which is thrown (interruption.h).
void run_jobs(const std::vector<std::function<void()>>& jobs, int parallel,
              const std::function<void(int done)>& progress);

/// run_process() in a job of its own: what the program has started, and left running, ends with it.
ProcessResult run_process_in_job(const std::vector<std::string>& command, std::optional<double> most_seconds = {});

}  // namespace qatc
