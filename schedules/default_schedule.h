#pragma once

#include "plan/kernel.h"
#include "schedules/isa.h"
#include "schedules/kernel_schedule.h"

namespace qatc {

/// A good schedule by rule: as large a tile as the registers of `isa` hold.
KernelSchedule default_schedule(const KernelSpec& spec, Isa isa);

/// That of sums over rows, alone or of a kernel's output, as wide as `channels`.
KernelSchedule channel_sums_schedule(const KernelSpec& spec, Isa isa);

}  // namespace qatc
