#pragma once

#include <string>
#include <string_view>

#include "plan/kernel.h"
#include "schedules/isa.h"
#include "schedules/kernel_schedule.h"
#include "schedules/tuned_table.h"

namespace qatc {

enum class ScheduleSource : uint8_t {
  kTunedTable,     // measured by `qatc tune` (schedules/tuned_table.h)
  kGeneratedCode,  // the best of a few by their assembly (emit/choose_schedules.h); also where that is the rule's
  kCostModel,      // predicted to be faster than the rule's (schedules/cost_model.h)
  kRule,           // default_schedule()
  kAutoscheduler,
};

/// "tuned table", "generated code", "cost model", "rule", "autoscheduler".
std::string_view source_name(ScheduleSource source);

struct ScheduleChoice {
  KernelSchedule schedule;
  ScheduleSource source = ScheduleSource::kRule;
  double ratio = 1;         // of `measure`, to that of the rule's
  std::string measure;      // kTunedTable: what the table compares; kGeneratedCode: "code", the cycles read in it
  std::string refusal;      // why it is not by the scheduler that was asked for; empty: it is
  std::string passed_over;  // what the tuned table has for the kernel, where that is no candidate (candidates.h)
};

/// A kernel's schedule as far as it is known without compiling anything, which emit/choose_schedules.h does as well. A
/// table's entry that the templates no longer make is passed over. A kernel of exact rounding that the table does not
/// know takes the entry of the same kernel of float rounding: its products and its memory are the same.
ScheduleChoice known_schedule(const KernelSpec& spec, Isa isa, const TunedTable& table);
/// With the table that qatc was built with.
ScheduleChoice known_schedule(const KernelSpec& spec, Isa isa);

/// Whether the table has a schedule for the kernel that is no candidate (candidates.h): of templates that were changed
/// since, or written by hand.
bool is_stale(const TunedTable& table, const KernelSpec& spec, Isa isa);

}  // namespace qatc
