#include "cli/schedule_report.h"

#include "schedules/cost_model.h"
#include "schedules/tuned_table.h"

namespace qatc {

SchedulesReport report_schedules(const Plan& plan, const Target& target, const ScheduleOptions& options) {
  const Core& core = cores(target.isa).front();
  SchedulesReport report{target.name, tuned_table_name(target.isa), std::string(core.name), {}};
  const std::vector<ScheduleChoice> choices = choose_schedules(plan.kernels, target, options);
  for (const KernelSpec& spec : plan.kernels) {
    const ScheduleChoice& choice = choices[report.kernels.size()];
    ScheduleReport kernel;
    kernel.kernel = static_cast<int>(report.kernels.size());
    kernel.signature = signature(tiles_of(spec));
    kernel.source = source_name(choice.source);
    kernel.refusal = choice.refusal;
    kernel.passed_over = choice.passed_over;
    if (choice.source == ScheduleSource::kAutoscheduler) {
      kernel.schedule = scheduler_name(options.scheduler);
    } else {
      const Prediction prediction = predict(spec, choice.schedule, target.isa, core);
      kernel.schedule = to_string(choice.schedule);
      kernel.cycles = prediction.cycles;
      kernel.peak_share = prediction.peak_share;
    }
    kernel.measure = choice.measure;
    kernel.measured_ratio = choice.ratio;
    report.kernels.push_back(kernel);
  }
  return report;
}

}  // namespace qatc
