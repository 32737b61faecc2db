#pragma once

#include "cli/command.h"

namespace qatc {

/// `qatc verify`: compiled models against the reference evaluator and stored vectors; see verify_case.h.
Command add_verify_command(CLI::App& app);

}  // namespace qatc
