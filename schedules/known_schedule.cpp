#include "schedules/known_schedule.h"

#include <optional>

#include "schedules/candidates.h"
#include "schedules/cost_model.h"
#include "schedules/default_schedule.h"
#include "support/error.h"

namespace qatc {

namespace {

/// nullopt where the table does not know the kernel; what cannot be used is put into `passed_over`.
std::optional<ScheduleChoice> tuned_schedule(const KernelSpec& spec, Isa isa, const TunedTable& table,
                                             std::string& passed_over) {
  const auto tuned = table.find(signature(spec));
  if (tuned == table.end()) return std::nullopt;
  if (!is_candidate(spec, tuned->second.schedule, isa)) {
    passed_over = to_string(tuned->second.schedule);
    return std::nullopt;
  }
  ScheduleChoice choice;
  choice.schedule = tuned->second.schedule;
  choice.source = ScheduleSource::kTunedTable;
  choice.ratio = tuned->second.ratio;
  choice.measure = tuned->second.measure;
  return choice;
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

ScheduleChoice known_schedule(const KernelSpec& whole, Isa isa, const TunedTable& table) {
  const KernelSpec spec = tiles_of(whole);
  ScheduleChoice choice;
  std::optional<ScheduleChoice> tuned = tuned_schedule(spec, isa, table, choice.passed_over);
  if (tuned) return *tuned;
  if (spec.rounding == Rounding::kExact) {
    KernelSpec of_float = spec;
    of_float.rounding = Rounding::kFloat;
    tuned = tuned_schedule(of_float, isa, table, choice.passed_over);
    if (tuned) {
      tuned->measure += " of float rounding";
      tuned->passed_over = choice.passed_over;
      return *tuned;
    }
  }
  const KernelSchedule rule = default_schedule(spec, isa);
  choice.schedule = predicted_schedule(spec, isa);
  choice.source = choice.schedule == rule ? ScheduleSource::kRule : ScheduleSource::kCostModel;
  return choice;
}

ScheduleChoice known_schedule(const KernelSpec& spec, Isa isa) { return known_schedule(spec, isa, tuned_table(isa)); }

bool is_stale(const TunedTable& table, const KernelSpec& spec, Isa isa) {
  const auto tuned = table.find(signature(tiles_of(spec)));
  return tuned != table.end() && !is_candidate(spec, tuned->second.schedule, isa);
}

}  // namespace qatc
