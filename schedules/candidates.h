#pragma once

#include <vector>

#include "plan/kernel.h"
#include "schedules/isa.h"
#include "schedules/kernel_schedule.h"

namespace qatc {

/// Whether the schedule template can make this kernel with `schedule`, and with no more live values than registers and
/// no more input rows than fit the level-1 cache beside the filter's stream.
bool is_candidate(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa);

/// All schedules worth compiling for a kernel, sorted by their fields in order; default_schedule() is one of them.
std::vector<KernelSchedule> schedule_candidates(const KernelSpec& spec, Isa isa);

}  // namespace qatc
