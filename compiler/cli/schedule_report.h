#pragma once

#include <string>
#include <vector>

#include "emit/choose_schedules.h"
#include "lower/target.h"
#include "plan/plan.h"

namespace qatc {

/// How one kernel of a plan is scheduled for a target.
struct ScheduleReport {
  int kernel = 0;
  std::string signature;
  std::string schedule;       // a template's parameters, or the autoscheduler's name
  std::string source;         // see schedules/known_schedule.h
  std::string refusal;        // of the scheduler that was asked for
  std::string passed_over;    // of the tuned table, a schedule that is no candidate
  double cycles = 0;          // an output pixel, predicted; 0: unknown
  double peak_share = 0;      // of the core's multiply-adds, predicted; 0: the kernel has none
  double measured_ratio = 0;  // to the default schedule
  std::string measure;        // what was compared: as in the tuned table, or "code"; empty: nothing was
};

struct SchedulesReport {
  std::string target;
  std::string table;  // the tuned table's name
  std::string core;   // that predictions are for
  std::vector<ScheduleReport> kernels;
};

/// Compiles candidates where `compile` would.
SchedulesReport report_schedules(const Plan& plan, const Target& target, const ScheduleOptions& options);

}  // namespace qatc
