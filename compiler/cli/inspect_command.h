#pragma once

#include "cli/command.h"

namespace qatc {

/// `qatc inspect`: what a model becomes, without compiling it; see plan_report.h.
Command add_inspect_command(CLI::App& app);

}  // namespace qatc
