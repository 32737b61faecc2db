#include "schedules/choose_schedule.h"

#include "schedules/autoscheduler.h"
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

ScheduleChoice choose_schedule(const KernelSpec& spec, Isa isa) {
  const TunedTable& table = tuned_table(isa);
  const auto tuned = table.find(signature(spec));
  if (tuned != table.end() && is_candidate(spec, tuned->second.schedule, isa)) {
    return {tuned->second.schedule, ScheduleSource::kTunedTable, 1, {}};
  }
  const KernelSchedule rule = default_schedule(spec, isa);
  const KernelSchedule predicted = predicted_schedule(spec, isa);
  return {predicted, predicted == rule ? ScheduleSource::kRule : ScheduleSource::kCostModel, 1, {}};
}

ScheduleChoice choose_schedule(const KernelSpec& spec, const Target& target, Scheduler scheduler) {
  ScheduleChoice choice = choose_schedule(spec, target.isa);
  if (scheduler == Scheduler::kTemplates) return choice;
  if (const auto refusal = autoscheduler_refusal(spec, choice.schedule, scheduler, target)) {
    choice.refusal = *refusal;
    return choice;
  }
  choice.schedule.scheduler = scheduler;
  choice.source = ScheduleSource::kAutoscheduler;
  return choice;
}

std::vector<KernelSchedule> choose_schedules(const std::vector<KernelSpec>& kernels, Isa isa) {
  std::vector<KernelSchedule> schedules;
  schedules.reserve(kernels.size());
  for (const KernelSpec& spec : kernels) schedules.push_back(choose_schedule(spec, isa).schedule);
  return schedules;
}

}  // namespace qatc
