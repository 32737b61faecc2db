#include "cli/schedule_report.h"

#include "schedules/choose_schedule.h"
#include "schedules/cost_model.h"
#include "schedules/tuned_table.h"

namespace qatc {

SchedulesReport report_schedules(const Plan& plan, const Target& target, Scheduler scheduler) {
  const Core& core = cores(target.isa).front();
  SchedulesReport report{target.name, tuned_table_name(target.isa), std::string(core.name), {}};
  for (const KernelSpec& spec : plan.kernels) {
    const ScheduleChoice choice = choose_schedule(spec, target, scheduler);
    ScheduleReport kernel;
    kernel.kernel = static_cast<int>(report.kernels.size());
    kernel.signature = signature(spec);
    kernel.source = source_name(choice.source);
    kernel.refusal = choice.refusal;
    if (choice.source == ScheduleSource::kAutoscheduler) {
      kernel.schedule = scheduler_name(scheduler);
    } else {
      const Prediction prediction = predict(spec, choice.schedule, target.isa, core);
      kernel.schedule = to_string(choice.schedule);
      kernel.cycles = prediction.cycles;
      kernel.peak_share = prediction.peak_share;
    }
    if (choice.source == ScheduleSource::kTunedTable) {
      const TunedSchedule& tuned = tuned_table(target.isa).at(kernel.signature);
      kernel.measure = tuned.measure;
      kernel.measured_ratio = tuned.ratio;
    }
    report.kernels.push_back(kernel);
  }
  return report;
}

}  // namespace qatc
