#pragma once

#include "cli/command.h"

namespace qatc {

/// `qatc tune`: measures schedules for a target and writes its table.
Command add_tune_command(CLI::App& app);

}  // namespace qatc
