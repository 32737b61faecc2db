#pragma once

#include "plan/kernel.h"
#include "schedules/isa.h"
#include "schedules/kernel_schedule.h"

namespace qatc {

/// A good schedule by rule: as large a tile as the registers of `isa` hold.
KernelSchedule default_schedule(const KernelSpec& spec, Isa isa);

}  // namespace qatc
