#pragma once

#include <optional>
#include <string>
#include <vector>

namespace qatc {

struct ProcessResult {
  int status = 0;        // exit status, or 128 + the signal that ended it
  bool is_late = false;  // it was ended, since it took longer than it may
  std::string out, err;
};

/// Runs a program (searched in PATH) with its arguments, without a shell and without input, and waits for it. May be
/// called from several threads. After `most_seconds`, where they are given, it is killed; what it has started itself goes on
/// until the job that this is called in ends (run_process_in_job in jobs.h). Throws UserError `cannot run <program>: <reason>` when it does not
/// start, and Interrupted (interruption.h), after which the program no longer runs.
ProcessResult run_process(const std::vector<std::string>& command, std::optional<double> most_seconds = {});

/// Where PATH has a program of this name; a name with a slash is a path already.
std::optional<std::string> find_program(const std::string& name);

}  // namespace qatc
