#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace qatc {

/// A subcommand that was added to the command line. `run` does the work after parsing and returns the exit status; it
/// throws UserError and InternalError.
struct Command {
  CLI::App* app;
  std::function<int()> run;
};

}  // namespace qatc
