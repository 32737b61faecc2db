#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ir/graph.h"
#include "lower/target.h"
#include "ops/op.h"
#include "plan/plan.h"
#include "schedules/scheduler.h"
#include "schedules/tuned_table.h"

namespace qatc {

struct ModelOptions {
  std::string model;  // path of the ONNX file
  Rounding rounding = Rounding::kFloat;
  /// Called with the graph after each pass ("import" first).
  std::function<void(const std::string& pass, const Graph& graph)> after_pass;
};

/// Import, passes and plan: everything before code generation. All that the user can have done wrong with a model is
/// found here.
Plan plan_model(const ModelOptions& options);

struct CompileOptions {
  std::string name;                  // prefix of every generated symbol and file: a C identifier
  std::vector<std::string> targets;  // see parse_target_set in lower/target.h
  std::string output;                // folder, made when missing
  Scheduler scheduler = Scheduler::kTemplates;
  TunedTables tables;  // what they know goes before what qatc was built with
  int jobs = 0;        // kernels compiled at a time; 0: as many as cores
  /// Called with the number of candidates that were compiled to choose a schedule, and their total, for each target
  /// that has kernels which no tuned table knows.
  std::function<void(int done, int total)> on_ranking;
  /// Then called with the number of finished kernels and their total, over all targets.
  std::function<void(int done, int total)> progress;
  /// Called before code is generated, once a target, with how many of its kernels `scheduler` does; templates do the
  /// rest.
  std::function<void(const Target& target, int64_t scheduled, size_t kernels)> on_scheduled;
};

/// From a plan to libraries. Writes, under options.output:
///   <name>.h, qatc_runtime.h, qatc_threads.h, <name>_driver.c
///   <target>/lib<name>.a, <target>/libqatc_runtime.a, <target>/manifest.json; <target> is without a list
/// Every file is complete or absent. Throws UserError or InternalError.
void compile(const Plan& plan, const CompileOptions& options);

}  // namespace qatc
