#pragma once

#include <string_view>

#include "ir/graph.h"

namespace qatc {

/// Reads the text form of a graph (see print.h). Empty lines and lines that start with `#` are skipped. Throws
/// UserError with the line's number on malformed text, an unknown value or op, or a constant given by its digest only.
/// Checks the syntax, not the types: verify does that.
Graph parse(std::string_view text);

}  // namespace qatc
