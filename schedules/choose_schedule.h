#pragma once

#include <string_view>

#include "schedules/isa.h"
#include "schedules/kernel_schedule.h"

namespace qatc {

enum class ScheduleSource : uint8_t {
  kTunedTable,  // measured by `qatc tune` (schedules/tuned_table.h)
  kCostModel,   // predicted to be faster than the rule's (schedules/cost_model.h)
  kRule,        // default_schedule()
};

/// "tuned table", "cost model", "rule".
std::string_view source_name(ScheduleSource source);

struct ScheduleChoice {
  KernelSchedule schedule;
  ScheduleSource source = ScheduleSource::kRule;
};

/// The schedule that `compile` gives a kernel. A table's entry that the templates no longer make is passed over.
ScheduleChoice choose_schedule(const KernelSpec& spec, Isa isa);

}  // namespace qatc
