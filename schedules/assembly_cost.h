#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "plan/kernel.h"
#include "schedules/cost_model.h"
#include "schedules/isa.h"
#include "schedules/kernel_schedule.h"

namespace qatc {

/// What a kernel's machine code costs on a core: the cost model after compilation, with the instructions that are there
/// instead of those that the tile's shape suggests.
struct AssemblyCost {
  // Of the hottest loop, once through.
  int64_t products = 0;  // sdot, smmla, vpdpbusd, pmaddwd, ...
  int64_t instructions = 0;
  int64_t spills = 0;  // loads and stores of the stack
  double loop_cycles = 0;

  double loop_times = 0;  // the hottest loop is taken for an output pixel
  double cycles = 0;      // an output pixel, with everything around that loop
};

/// Reads LLVM's assembly of a kernel. Counts each loop with products as often as the tile's reduction needs, loops that
/// store results as often as the tile fills them, the rest of the tile once, and converts all to cycles with the core's
/// throughputs. nullopt where the code is not as expected: then predict() is all there is.
std::optional<AssemblyCost> assembly_cost(const std::string& assembly, const KernelSpec& spec,
                                          const KernelSchedule& schedule, Isa isa, const Core& core);

/// The lines of the hottest loop, for llvm-mca; empty as above.
std::string hottest_loop(const std::string& assembly);

}  // namespace qatc
