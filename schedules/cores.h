#pragma once

#include <string_view>
#include <vector>

#include "schedules/isa.h"

namespace qatc {

/// What a core does in a cycle and how long it takes, as far as it decides between schedules.
struct Core {
  std::string_view name;      // as LLVM calls it
  double products = 1;        // vector multiply-accumulates (sdot, vpdpbusd, pmaddwd, smull) a cycle
  double simd = 1;            // other vector instructions a cycle
  double loads = 1;           // vector loads a cycle
  double issue = 1;           // instructions a cycle
  double latency = 1;         // cycles between two products into one accumulator
  double loop = 1;            // cycles lost where an inner loop begins and ends; an estimate
  double stream = 16;         // bytes a cycle from the level-2 cache; an estimate
  double level1 = 32 * 1024;  // bytes of data cache
};

/// The cores of an instruction set, the one that choices are made for first.
const std::vector<Core>& cores(Isa isa);

}  // namespace qatc
