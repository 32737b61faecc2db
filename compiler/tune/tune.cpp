#include "tune/tune.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <map>
#include <sstream>

#include "emit/object.h"
#include "plan/stages.h"
#include "schedules/assembly_cost.h"
#include "schedules/candidates.h"
#include "schedules/cost_model.h"
#include "schedules/default_schedule.h"
#include "support/error.h"
#include "support/files.h"
#include "support/jobs.h"
#include "support/process.h"
#include "tune/mca.h"
#include "tune/measuring_program.h"

namespace qatc {

namespace {

/// A better ratio than this is not noise.
constexpr double kWorthChanging = 0.98;
constexpr int kMostOfATile = 2;               // are measured: they are alike
constexpr double kMilliseconds = 40;          // for each candidate
constexpr double kConfirmMilliseconds = 150;  // for the one that seems best, once more

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// What one run of a measuring program said, by candidate.
struct Measurement {
  std::vector<bool> same;
  std::vector<double> ratios;  // of times; empty when they were not taken
};

/// Other lines are the runner's own.
Measurement read_measurement(const std::string& text, size_t count) {
  Measurement result;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string kind;
    size_t index = 0;
    std::string equal;
    double least = 1;
    double median = 1;
    if (!(words >> kind) || kind != "candidate") continue;
    if (!(words >> index >> equal) || index != result.same.size()) break;
    result.same.push_back(equal == "same");
    if (!result.same.front()) break;  // the default differs from itself
    // Both must agree that it is faster.
    result.ratios.push_back(words >> least >> median ? std::max(least, median) : 1);
    if (!(result.ratios.back() > 0)) break;
  }
  const bool is_sound = !result.same.empty() && result.same.front() && result.ratios.back() > 0;
  if (result.same.size() != count || !is_sound) {
    throw UserError("--runner: lost or changed what the measuring program printed");
  }
  return result;
}

/// Counts by symbol.
std::map<std::string, double> read_counts(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return {};
  std::istringstream lines(read_file(path));
  std::map<std::string, double> counts;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string kind;
    std::string symbol;
    double count = 0;
    if (words >> kind >> symbol >> count && kind == "function") counts[symbol] = count;
  }
  return counts;
}

class KernelSearch {
 public:
  KernelSearch(const Plan& plan, const MeasuredCall& call, const TuneOptions& options, Clock::time_point start)
      : plan_(plan),
        call_(call),
        options_(options),
        start_(start),
        spec_(plan.kernels[static_cast<size_t>(call.kernel)]),
        core_(cores(options.target.isa).front()) {}

  TunedKernel run() {
    result_.kernel = call_.kernel;
    result_.signature = signature(spec_);
    predict_all();
    compile_best_predicted();
    rank_by_code();
    result_.best = result_.tried.front().schedule;
    measure();
    return result_;
  }

 private:
  std::string symbol(size_t candidate) const { return "candidate" + std::to_string(candidate); }
  std::string assembly_path(size_t candidate) const { return scratch_.path() + "/" + symbol(candidate) + ".s"; }
  std::string object_path(size_t candidate) const { return scratch_.path() + "/" + symbol(candidate) + ".o"; }

  void predict_all() {
    const KernelSchedule rule = default_schedule(spec_, options_.target.isa);
    std::vector<TriedSchedule>& tried = result_.tried;
    for (const KernelSchedule& schedule : schedule_candidates(spec_, options_.target.isa)) {
      tried.push_back({schedule, predict(spec_, schedule, options_.target.isa, core_).cycles, 0, 0, 0});
    }
    std::stable_sort(tried.begin(), tried.end(),
                     [](const TriedSchedule& a, const TriedSchedule& b) { return a.predicted < b.predicted; });
    const auto is_rule = [&](const TriedSchedule& t) { return t.schedule == rule; };
    std::stable_partition(tried.begin(), tried.end(), is_rule);
    tried.resize(std::min<size_t>(tried.size(), 1 + static_cast<size_t>(options_.most_compiled)));
  }

  void compile_best_predicted() {
    std::vector<std::function<void()>> jobs;
    for (size_t i = 0; i < result_.tried.size(); ++i) {
      jobs.emplace_back([this, i] {
        compile_kernel_assembly(spec_, result_.tried[i].schedule, options_.target, symbol(i), assembly_path(i));
      });
    }
    run_jobs(jobs, options_.jobs, {});
  }

  void rank_by_code() {
    std::vector<std::optional<AssemblyCost>> costs;
    for (size_t i = 0; i < result_.tried.size(); ++i) {
      TriedSchedule& tried = result_.tried[i];
      costs.push_back(assembly_cost(read_file(assembly_path(i)), spec_, tried.schedule, options_.target.isa, core_));
      tried.modelled = costs[i] ? costs[i]->cycles : tried.predicted;
      tried.spills = costs[i] ? costs[i]->spills : 0;
      ranked_.push_back(i);
    }
    keep_best_modelled(2 * options_.most_measured);
    for (const size_t i : ranked_) {
      // Where there is llvm-mca, it knows the core better; of x86-64's it does not see the loads' and products'
      // overlap.
      if (!is_arm(options_.target.isa)) break;
      const std::optional<double> cycles =
          mca_cycles(hottest_loop(read_file(assembly_path(i))), options_.target, core_);
      if (costs[i] && cycles) result_.tried[i].modelled += (*cycles - costs[i]->loop_cycles) * costs[i]->loop_times;
    }
    keep_best_modelled(options_.most_measured);
  }

  /// The default and so many others, of several tiles.
  void keep_best_modelled(int count) {
    std::stable_sort(ranked_.begin() + 1, ranked_.end(),
                     [&](size_t a, size_t b) { return result_.tried[a].modelled < result_.tried[b].modelled; });
    std::vector<size_t> kept;
    for (const size_t i : ranked_) {
      const auto alike = std::count_if(kept.begin(), kept.end(), [&](size_t other) {
        return has_same_tile(result_.tried[i].schedule, result_.tried[other].schedule);
      });
      if (alike < kMostOfATile && static_cast<int>(kept.size()) <= count) kept.push_back(i);
    }
    ranked_ = kept;
  }

  void compile_best_modelled() {
    std::vector<std::function<void()>> jobs;
    for (const size_t i : ranked_) {
      jobs.emplace_back(
          [this, i] { compile_kernel(spec_, result_.tried[i].schedule, options_.target, symbol(i), object_path(i)); });
    }
    run_jobs(jobs, options_.jobs, {});
  }

  void adopt(size_t candidate, double ratio) {
    result_.best = result_.tried[candidate].schedule;
    result_.ratio = ratio;
  }

  void measure() {
    compile_best_modelled();
    result_.measure = measure_of_runs();
    const std::vector<double> ratios = measure(ranked_, kMilliseconds);
    size_t best = 0;
    for (size_t i = 0; i < ranked_.size(); ++i) {
      result_.tried[ranked_[i]].ratio = ratios[i];
      if (ratios[i] < ratios[best] && !is_slower_than_counted(ranked_[i])) best = i;
    }
    if (best == 0 || ratios[best] > kWorthChanging) return;
    // The best of several noisy numbers is too good: what counts is the second look.
    double ratio = ratios[best];
    if (result_.measure == "time") {
      ratio = measure({0, ranked_[best]}, kConfirmMilliseconds)[1];
      result_.tried[ranked_[best]].ratio = ratio;
    }
    if (ratio <= kWorthChanging) adopt(ranked_[best], ratio);
  }

  /// Fewer instructions are no gain where the model says that they take longer, nor where some of them spill: those wait
  /// for each other through memory, which neither a count nor the model sees.
  bool is_slower_than_counted(size_t candidate) const {
    const double limit = result_.tried[0].modelled / kWorthChanging;
    return result_.measure == "instructions" &&
           (result_.tried[candidate].modelled > limit || result_.tried[candidate].spills > result_.tried[0].spills);
  }

  /// What candidates are compared by when they run.
  std::string measure_of_runs() const {
    const bool is_counted = std::any_of(options_.runner.begin(), options_.runner.end(), [](const std::string& word) {
      return word.find(kCountsPlaceholder) != std::string::npos;
    });
    return is_counted ? "instructions" : options_.times ? "time" : "model";
  }

  /// Of candidates, the first of which is the default: their ratios to it.
  std::vector<double> measure(const std::vector<size_t>& candidates, double milliseconds) {
    const TemporaryDirectory folder;
    const std::string program = folder.path() + "/measure";
    const std::string counts = folder.path() + "/counts";
    std::vector<std::string> command = run_command(program, counts);
    if (result_.measure == "time") {
      command.push_back(std::to_string(milliseconds * static_cast<double>(candidates.size() - 1) + 1));
    }
    const Measurement measurement = build_and_run(candidates, folder.path(), program, command);
    check_same_bytes(candidates, measurement);
    if (result_.measure == "time") return measurement.ratios;
    std::vector<double> ratios;
    ratios.reserve(candidates.size());
    for (size_t i : candidates) {
      ratios.push_back(result_.measure == "instructions" ? ratio_of_counts(counts, i)
                                                         : result_.tried[i].modelled / result_.tried[0].modelled);
    }
    return ratios;
  }

  std::vector<std::string> run_command(const std::string& program, const std::string& counts) const {
    std::vector<std::string> command = options_.runner;
    for (std::string& word : command) {
      const size_t at = word.find(kCountsPlaceholder);
      if (at != std::string::npos) word.replace(at, std::string(kCountsPlaceholder).size(), counts);
    }
    command.push_back(program);
    return command;
  }

  Measurement build_and_run(const std::vector<size_t>& candidates, const std::string& folder,
                            const std::string& program, const std::vector<std::string>& command) const {
    std::vector<MeasuredCandidate> measured;
    measured.reserve(candidates.size());
    for (size_t i : candidates) measured.push_back({result_.tried[i].schedule, symbol(i), object_path(i)});
    build_measuring_program(plan_, call_, measured, options_.target, options_.compiler, folder, program);
    // A device that hangs must not hang the search.
    const double most = std::max(options_.budget_seconds - seconds_since(start_), options_.least_run_seconds);
    const ProcessResult run = run_process_in_job(command, most);
    if (run.is_late) {
      throw UserError((options_.runner.empty() ? "" : "--runner: ") + command[0] + " has not ended after " +
                      std::to_string(std::lround(most)) + " s; if that is no fault of it, raise --budget");
    }
    if (run.status != 0) {
      throw UserError(command[0] + " ended with status " + std::to_string(run.status) +
                      (run.err.empty() ? "" : " and said: " + run.err.substr(0, run.err.find('\n'))));
    }
    return read_measurement(run.out, candidates.size());
  }

  void check_same_bytes(const std::vector<size_t>& candidates, const Measurement& measurement) const {
    for (size_t i = 0; i < candidates.size(); ++i) {
      QATC_CHECK(measurement.same[i], "schedule " + to_string(result_.tried[candidates[i]].schedule) + " of kernel " +
                                          result_.signature + " computes other bytes than the default");
    }
  }

  double ratio_of_counts(const std::string& path, size_t candidate) const {
    const std::map<std::string, double> counts = read_counts(path);
    const auto first = counts.find(symbol(0));
    const auto other = counts.find(symbol(candidate));
    if (first == counts.end() || other == counts.end() || first->second <= 0) {
      throw UserError("the runner left no counts of the kernels' functions in place of " +
                      std::string(kCountsPlaceholder));
    }
    return other->second / first->second;
  }

  const Plan& plan_;
  const MeasuredCall& call_;
  const TuneOptions& options_;
  const Clock::time_point start_;  // of the budget
  const KernelSpec& spec_;
  const Core core_;
  const TemporaryDirectory scratch_;
  TunedKernel result_;
  std::vector<size_t> ranked_;  // indices of result_.tried: the default, then the best by their code
};

/// What takes most of the network's time comes first; then, in the same order, what does not run at the size tuned for.
void sort_by_share(const Plan& plan, Isa isa, std::vector<MeasuredCall>& calls) {
  const auto share = [&](const MeasuredCall& call) {
    const KernelSpec& spec = plan.kernels[static_cast<size_t>(call.kernel)];
    return call.pixels * predict(spec, default_schedule(spec, isa), isa, cores(isa).front()).cycles;
  };
  std::stable_sort(calls.begin(), calls.end(), [&](const MeasuredCall& a, const MeasuredCall& b) {
    return a.runs != b.runs ? a.runs : share(a) > share(b);
  });
}

double modelled_cycles(const TunedKernel& kernel) {
  const auto best = std::find_if(kernel.tried.begin(), kernel.tried.end(),
                                 [&](const TriedSchedule& tried) { return tried.schedule == kernel.best; });
  return best->modelled;
}

/// The number that people know these tiles by: of the first kernel that has them.
int first_with_tiles(const Plan& plan, const KernelSpec& tiles) {
  const auto first = std::find_if(plan.kernels.begin(), plan.kernels.end(),
                                  [&](const KernelSpec& kernel) { return tiles_of(kernel) == tiles; });
  return static_cast<int>(first - plan.kernels.begin());
}

}  // namespace

void tune(const Plan& whole, const TuneOptions& options, TunedTable& table) {
  const Clock::time_point start = Clock::now();
  const Plan plan = plan_of_tiles(whole);
  std::vector<MeasuredCall> calls = measured_calls(plan, options.height, options.width);
  if (options.wants) {
    std::erase_if(calls, [&](const MeasuredCall& call) {
      return !options.wants(signature(plan.kernels[static_cast<size_t>(call.kernel)]));
    });
    if (calls.empty()) throw UserError("the model has no such kernel; qatc inspect --schedules prints all signatures");
  }
  sort_by_share(plan, options.target.isa, calls);
  const auto total = static_cast<int>(calls.size());
  int done = 0;
  for (const MeasuredCall& call : calls) {
    if (done > 0 && seconds_since(start) > options.budget_seconds) break;
    if (options.progress) options.progress(done, total);
    ++done;
    TunedKernel kernel = KernelSearch(plan, call, options, start).run();
    kernel.kernel = first_with_tiles(whole, plan.kernels[static_cast<size_t>(call.kernel)]);
    table[kernel.signature] = {kernel.best, kernel.measure, kernel.ratio, modelled_cycles(kernel)};
    if (options.report) options.report(kernel);
  }
}

}  // namespace qatc
