#pragma once

#include "cli/command.h"

namespace qatc {

/// `qatc compile`: a model to static libraries, a header and a readable driver.
Command add_compile_command(CLI::App& app);

}  // namespace qatc
