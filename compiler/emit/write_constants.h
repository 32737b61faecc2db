#pragma once

#include <string>
#include <vector>

#include "emit/constants.h"
#include "lower/target.h"

namespace qatc {

/// Writes constants as <stem>.s, assembly for the target with a symbol for each that only its own program or library
/// sees, over <stem>.bin, which has the bytes.
void write_constants(const std::vector<Constant>& constants, const Target& target, const std::string& stem);

}  // namespace qatc
