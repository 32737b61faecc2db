#include "schedules/known_schedule.h"

#include <optional>

#include "schedules/candidates.h"
#include "schedules/cost_model.h"
#include "schedules/tuned_table.h"
#include "support/error.h"

namespace qatc {

namespace {

std::optional<ScheduleChoice> tuned_schedule(const KernelSpec& spec, Isa isa) {
  const TunedTable& table = tuned_table(isa);
  const auto tuned = table.find(signature(spec));
  if (tuned == table.end() || !is_candidate(spec, tuned->second.schedule, isa)) return std::nullopt;
  return ScheduleChoice{
      tuned->second.schedule, ScheduleSource::kTunedTable, tuned->second.ratio, tuned->second.measure, {}};
}

}  // namespace

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
  if (std::optional<ScheduleChoice> tuned = tuned_schedule(spec, isa)) return *tuned;
  if (spec.rounding == Rounding::kExact) {
    KernelSpec of_float = spec;
    of_float.rounding = Rounding::kFloat;
    if (std::optional<ScheduleChoice> tuned = tuned_schedule(of_float, isa)) {
      tuned->measure += " of float rounding";
      return *tuned;
    }
  }
  const KernelSchedule rule = default_schedule(spec, isa);
  const KernelSchedule predicted = predicted_schedule(spec, isa);
  return {predicted, predicted == rule ? ScheduleSource::kRule : ScheduleSource::kCostModel, 1, {}, {}};
}

}  // namespace qatc
