#include "emit/choose_schedules.h"

#include <algorithm>
#include <optional>
#include <string>

#include "emit/object.h"
#include "schedules/assembly_cost.h"
#include "schedules/cost_model.h"
#include "schedules/templates/autoscheduler.h"
#include "support/files.h"
#include "support/interruption.h"
#include "support/jobs.h"

namespace qatc {

namespace {

/// Compiled for one kernel beside the default. A compilation takes 0.1 to 0.4 s, and the best are much alike.
constexpr int64_t kMostRanked = 3;

/// How far predictions and code are trusted.
struct Thresholds {
  double most_predicted;  // others are compiled only if predicted to take at most so many times as long as the default
  double worth_changing;  // they replace it only if their code is read to take at most so many times as long
};
Thresholds thresholds(const KernelSpec& spec, Isa isa) {
  // Of matrix products, predictions miss how operands are packed, and loops are read whose trips are guessed.
  if (!spec.convs.empty() && has_matrix_products(isa)) return {1.25, 0.90};
  // Where sums of a product are spread over several instructions, tiles that were read to be 5 % better took 11 % more
  // instructions.
  if (isa == Isa::kArmBase) return {1.03, 0.90};
  return {1.03, 0.97};
}

/// A kernel that no table knows, and the schedules it may get; the first is the default.
struct Trial {
  size_t kernel;
  std::vector<KernelSchedule> schedules;
  std::vector<std::string> assembly;  // paths
};

/// nullopt where the default's code cannot be read.
std::optional<ScheduleChoice> winner(const KernelSpec& spec, const Trial& trial, Isa isa) {
  std::vector<KernelSchedule> read;
  std::vector<std::vector<double>> cycles;  // by schedule, by core
  for (size_t i = 0; i < trial.schedules.size(); ++i) {
    const std::string assembly = read_file(trial.assembly[i]);
    std::vector<double> of_cores;
    for (const Core& core : cores(isa)) {
      const std::optional<AssemblyCost> cost = assembly_cost(assembly, spec, trial.schedules[i], isa, core);
      if (cost) of_cores.push_back(cost->cycles);
    }
    if (of_cores.size() == cores(isa).size()) {
      read.push_back(trial.schedules[i]);
      cycles.push_back(of_cores);
    } else if (i == 0) {
      return std::nullopt;
    }
  }
  const std::vector<double> slowness = mean_slowness(cycles);
  const auto best = static_cast<size_t>(std::min_element(slowness.begin(), slowness.end()) - slowness.begin());
  const double ratio = slowness[best] / slowness[0];
  if (ratio > thresholds(spec, isa).worth_changing)
    return ScheduleChoice{read[0], ScheduleSource::kGeneratedCode, 1, "code", {}, {}};
  return ScheduleChoice{read[best], ScheduleSource::kGeneratedCode, ratio, "code", {}, {}};
}

/// Of each kernel, the first that is equal to it.
std::vector<size_t> first_equals(const std::vector<KernelSpec>& kernels) {
  std::vector<size_t> firsts;
  firsts.reserve(kernels.size());
  for (const KernelSpec& kernel : kernels) {
    firsts.push_back(static_cast<size_t>(std::find(kernels.begin(), kernels.end(), kernel) - kernels.begin()));
  }
  return firsts;
}

}  // namespace

std::vector<ScheduleChoice> choose_schedules(const std::vector<KernelSpec>& whole, const Target& target,
                                             const ScheduleOptions& options) {
  const TemporaryDirectory scratch;
  const TunedTable table = tuned_table(target.isa, options.tables);
  std::vector<KernelSpec> kernels;
  std::transform(whole.begin(), whole.end(), std::back_inserter(kernels), tiles_of);
  const std::vector<size_t> firsts = first_equals(kernels);  // kernels with the same tiles are tried once
  std::vector<ScheduleChoice> choices;
  std::vector<Trial> trials;
  std::vector<std::function<void()>> jobs;
  for (size_t k = 0; k < kernels.size(); ++k) {
    stop_if_interrupted();
    choices.push_back(known_or_autoscheduled(whole[k], target, options.scheduler, table));
    if (choices.back().source == ScheduleSource::kTunedTable || choices.back().source == ScheduleSource::kAutoscheduler)
      continue;
    if (firsts[k] != k) continue;
    Trial trial{
        k, best_predicted(kernels[k], target.isa, kMostRanked, thresholds(kernels[k], target.isa).most_predicted), {}};
    if (trial.schedules.size() < 2) continue;
    for (const KernelSchedule& schedule : trial.schedules) {
      const std::string path = scratch.path() + "/" + std::to_string(jobs.size()) + ".s";
      trial.assembly.push_back(path);
      jobs.emplace_back(
          [&, k, schedule, path] { compile_kernel_assembly(kernels[k], schedule, target, "kernel", path); });
    }
    trials.push_back(trial);
  }
  const auto total = static_cast<int>(jobs.size());
  run_jobs(jobs, options.jobs, [&](int done) {
    if (options.progress) options.progress(done, total);
  });
  for (const Trial& trial : trials) {
    ScheduleChoice& choice = choices[trial.kernel];
    std::optional<ScheduleChoice> best = winner(kernels[trial.kernel], trial, target.isa);
    if (!best) continue;
    best->refusal = choice.refusal;
    best->passed_over = choice.passed_over;
    choice = *best;
  }
  for (size_t k = 0; k < kernels.size(); ++k) {
    // An autoscheduler may do one and refuse the other.
    const ScheduleChoice& first = choices[firsts[k]];
    if (choices[k].source != ScheduleSource::kAutoscheduler && first.source != ScheduleSource::kAutoscheduler) {
      choices[k] = first;
    }
  }
  return choices;
}

}  // namespace qatc
