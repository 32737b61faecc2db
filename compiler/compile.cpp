#include "compile.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "emit/library.h"
#include "frontend/import_onnx.h"
#include "lower/target.h"
#include "passes/pipeline.h"
#include "support/error.h"
#include "support/files.h"

namespace qatc {

namespace {

/// The graph does not know its file, so what follows the import names it here.
UserError in_file(const std::string& path, const UserError& error) {
  std::vector<std::string> lines = error.lines();
  for (std::string& line : lines) line.insert(0, path + ": ");
  return UserError(lines);
}

void require_different_folders(const std::vector<TargetSet>& sets) {
  std::map<std::string, std::string> name_of_folder;
  for (const TargetSet& set : sets) {
    const auto [other, is_new] = name_of_folder.emplace(set.folder, set.name);
    if (is_new) continue;
    throw UsageError("targets '" + other->second + "' and '" + set.name + "' would be written into one folder, " +
                     set.folder);
  }
}

void report_schedulers(const std::vector<LibraryTarget>& targets, const CompileOptions& options) {
  for (const LibraryTarget& library : targets) {
    for (size_t i = 0; i < library.set.targets.size(); ++i) {
      const std::vector<KernelSchedule>& schedules = library.schedules[i];
      const auto scheduled = std::count_if(schedules.begin(), schedules.end(), [&](const KernelSchedule& schedule) {
        return schedule.scheduler == options.scheduler;
      });
      options.on_scheduled(library.set.targets[i], scheduled, schedules.size());
    }
  }
}

}  // namespace

Plan plan_model(const ModelOptions& options) {
  Graph graph = import_onnx(options.model);
  if (options.after_pass) options.after_pass("import", graph);
  try {
    run_passes(graph, [&](const Pass& pass, const Graph& result) {
      if (options.after_pass) options.after_pass(std::string(pass.name), result);
    });
    return make_plan(graph, options.rounding);
  } catch (const UserError& error) {
    throw in_file(options.model, error);
  }
}

void compile(const Plan& plan, const CompileOptions& options) {
  std::vector<TargetSet> sets;
  sets.reserve(options.targets.size());
  for (const std::string& name : options.targets) sets.push_back(parse_target_set(name));
  require_different_folders(sets);
  std::error_code ignored;
  const bool is_ours = !std::filesystem::exists(options.output, ignored);
  make_folder(options.output);  // before the long part, so that a bad path is told at once
  try {
    std::vector<LibraryTarget> targets;
    targets.reserve(sets.size());
    for (const TargetSet& set : sets) {
      targets.push_back(
          schedule_library(plan, set, {options.scheduler, options.tables, options.jobs, options.on_ranking}));
    }
    if (options.on_scheduled) report_schedulers(targets, options);
    emit_libraries(plan, targets, {options.name, options.output, options.jobs, options.progress});
  } catch (...) {
    if (is_ours) std::filesystem::remove(options.output, ignored);  // only when empty
    throw;
  }
}

}  // namespace qatc
