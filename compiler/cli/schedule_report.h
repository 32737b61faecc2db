#pragma once

#include <string>
#include <vector>

#include "lower/target.h"
#include "plan/plan.h"
#include "schedules/scheduler.h"

namespace qatc {

/// How one kernel of a plan is scheduled for a target.
struct ScheduleReport {
  int kernel = 0;
  std::string signature;
  std::string schedule;       // a template's parameters, or the autoscheduler's name
  std::string source;         // see schedules/choose_schedule.h
  std::string refusal;        // of the scheduler that was asked for
  double cycles = 0;          // an output pixel, predicted; 0: unknown
  double peak_share = 0;      // of the core's multiply-adds, predicted; 0: the kernel has none
  double measured_ratio = 0;  // to the default schedule, from the tuned table; 0: not from there
  std::string measure;
};

struct SchedulesReport {
  std::string target;
  std::string table;  // the tuned table's name
  std::string core;   // that predictions are for
  std::vector<ScheduleReport> kernels;
};

SchedulesReport report_schedules(const Plan& plan, const Target& target, Scheduler scheduler);

}  // namespace qatc
