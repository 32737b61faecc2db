#include "schedules/known_schedule.h"

#include "schedules/candidates.h"
#include "schedules/cost_model.h"
#include "schedules/tuned_table.h"
#include "support/error.h"

namespace qatc {

std::string_view source_name(ScheduleSource source) {
  switch (source) {
    case ScheduleSource::kTunedTable:
      return "tuned table";
    case ScheduleSource::kGeneratedCode:
      return "generated code";
    case ScheduleSource::kCostModel:
      return "cost model";
    case ScheduleSource::kRule:
      return "rule";
    case ScheduleSource::kAutoscheduler:
      return "autoscheduler";
  }
  QATC_CHECK(false, "unknown source of a schedule");
}

ScheduleChoice known_schedule(const KernelSpec& spec, Isa isa) {
  const TunedTable& table = tuned_table(isa);
  auto tuned = table.find(signature(spec));
  if (tuned == table.end() && spec.rounding == Rounding::kExact) {
    // Products weigh more than what rounds them: the same loops suit both.
    KernelSpec as_float = spec;
    as_float.rounding = Rounding::kFloat;
    tuned = table.find(signature(as_float));
  }
  if (tuned != table.end() && is_candidate(spec, tuned->second.schedule, isa)) {
    return {tuned->second.schedule, ScheduleSource::kTunedTable, 1, {}};
  }
  const KernelSchedule rule = default_schedule(spec, isa);
  const KernelSchedule predicted = predicted_schedule(spec, isa);
  return {predicted, predicted == rule ? ScheduleSource::kRule : ScheduleSource::kCostModel, 1, {}};
}

}  // namespace qatc
