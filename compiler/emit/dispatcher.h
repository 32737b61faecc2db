#pragma once

#include <string>

#include "lower/target.h"

namespace qatc {

/// What the symbols of the code for `isa` begin with: the model's name, or `<name>_for_<isa>` in a library with a list
/// of instruction sets.
std::string symbol_prefix(const std::string& name, const TargetSet& set, Isa isa);

/// C source of the functions of `<name>.h` for a library with a list of instruction sets: <name>_run asks the CPU once
/// and calls the best code that it can run. Keeps no state.
std::string emit_dispatcher(const std::string& name, const TargetSet& set);

}  // namespace qatc
