#pragma once

#include "compile.h"

namespace qatc {

/// compile(), with a line on the terminal that says how far it is.
void compile_network(const Plan& plan, CompileOptions options);

}  // namespace qatc
