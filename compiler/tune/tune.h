#pragma once

#include <functional>
#include <string>
#include <vector>

#include "lower/target.h"
#include "plan/plan.h"
#include "schedules/tuned_table.h"

namespace qatc {

/// What a kernel's candidate turned out to be.
struct TriedSchedule {
  KernelSchedule schedule;
  double predicted = 0;  // cycles an output pixel, without compiling it
  double modelled = 0;   // the same, from its code; 0: not compiled
  double ratio = 0;      // measured, to the default schedule's; 0: not measured
  int64_t spills = 0;    // loads and stores of the stack in the hottest loop
};

/// What became of one kernel, for the report.
struct TunedKernel {
  int kernel = 0;
  std::string signature;
  std::vector<TriedSchedule> tried;  // the default first, the others from the best predicted on
  std::string measure;               // "time", "instructions" or "model"
  KernelSchedule best;               // the default unless another is better than noise
  double ratio = 1;                  // of `best`
};

struct TuneOptions {
  Target target;
  std::vector<std::string> compiler;  // compiles and links C for the target
  /// Runs the target's programs, called as RUNNER PROGRAM ARGUMENTS; empty: they run as they are.
  std::vector<std::string> runner;
  /// Whether times of runs mean something; else what ran is compared by the model.
  bool times = true;
  double budget_seconds = 300;
  double least_run_seconds = 60;  // that a run of the runner may take, also where the budget ends before
  int jobs = 0;
  int64_t height = 540, width = 960;  // the image whose tensors are imitated
  int most_compiled = 16, most_measured = 5;
  /// Whether a kernel is to be tuned, by its signature; empty: all are.
  std::function<bool(const std::string& signature)> wants;
  /// Called before each kernel, in the order of their predicted share of the whole network's time. Those that run at
  /// other image sizes only come last, by what they would take: compile needs their schedules too.
  std::function<void(int done, int total)> progress;
  /// Called after each kernel.
  std::function<void(const TunedKernel& kernel)> report;
};

/// Where in the runner's words the path of a file is put that it leaves instruction counts in, one line a function,
/// `function SYMBOL COUNT`: instructions are then compared in place of times.
inline constexpr const char* kCountsPlaceholder = "{counts}";

/// Searches schedules for the kernels of a plan: for each, compiles the candidates that the cost model ranks first,
/// ranks them again by their code, runs the best against the default schedule, which must give the same bytes, and puts
/// in `table` what is more than 2 % better, else the default with ratio 1. Kernels that the budget is not enough for
/// keep their entries. Throws UserError when a run takes longer than the rest of the budget, InternalError when a
/// candidate computes other bytes.
void tune(const Plan& plan, const TuneOptions& options, TunedTable& table);

}  // namespace qatc
