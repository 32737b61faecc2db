#pragma once

#include "cli/command.h"

namespace qatc {

/// `qatc run`: a model on one picture, compiled for this machine and kept in a cache.
Command add_run_command(CLI::App& app);

}  // namespace qatc
