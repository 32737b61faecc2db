#pragma once

#include <optional>
#include <string>
#include <vector>

namespace qatc {

struct ProcessResult {
  int status = 0;  // exit status, or 128 + the signal that ended it
  std::string out, err;
};

/// Runs a program (searched in PATH) with its arguments, without a shell and without input, and waits for it. May be
/// called from several threads. Throws UserError `cannot run <program>: <reason>` when it does not start.
ProcessResult run_process(const std::vector<std::string>& command);

/// Where PATH has a program of this name; a name with a slash is a path already.
std::optional<std::string> find_program(const std::string& name);

}  // namespace qatc
