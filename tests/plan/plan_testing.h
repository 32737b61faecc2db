#pragma once

#include <cstdint>
#include <string>

#include "plan/plan.h"

namespace qatc::testing {

/// The plan of a graph in text, for float rounding.
Plan plan_of(const std::string& text);

inline const std::string kPlanMark = "---- plan\n";

/// The graph of a golden file, see golden_test.cpp.
std::string input_of(const std::string& golden);

/// A network with all kinds of blocks: tensors, windows, statistics and maps.
Graph random_network(uint64_t seed, int length);

}  // namespace qatc::testing
