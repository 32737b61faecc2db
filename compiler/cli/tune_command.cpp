#include "cli/tune_command.h"

#include <cinttypes>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <regex>
#include <string>

#include "cli/example_program.h"
#include "cli/options.h"
#include "compile.h"
#include "schedules/known_schedule.h"
#include "support/error.h"
#include "support/files.h"
#include "support/progress.h"
#include "tune/tune.h"

namespace qatc {

namespace {

struct TuneCommand {
  ModelOptions model;
  std::string target = "host";
  std::string runner, compiler, output;
  std::string only;
  int budget_seconds = 300;
  int jobs = 0;
  bool all_candidates = false;
};

/// An emulator's times say nothing about the machine that it emulates.
bool is_emulator(const std::string& program) {
  return std::filesystem::path(program).filename().string().rfind("qemu-", 0) == 0;
}

/// A misspelt one would be passed to the runner, which may do without.
void check_placeholder(const std::string& word) {
  const size_t begin = word.find('{');
  const size_t end = word.find('}', begin);
  if (begin == std::string::npos || end == std::string::npos) return;
  const std::string found = word.substr(begin, end + 1 - begin);
  if (found == kCountsPlaceholder) return;
  throw UsageError("--runner: " + found + " is not known; there is " + kCountsPlaceholder);
}

std::regex parse_regex(const std::string& text) {
  try {
    return std::regex(text);
  } catch (const std::regex_error&) {
    throw UsageError("--only: must be a regular expression, is '" + text + "'");
  }
}

TuneOptions tune_options(const TuneCommand& command) {
  TuneOptions options;
  options.target = parse_target(command.target);
  options.compiler = c_compiler(options.target, command.compiler);
  options.runner = program_runner(options.target, command.runner);
  for (const std::string& word : options.runner) check_placeholder(word);
  options.times = options.runner.empty() || !is_emulator(options.runner[0]);
  options.budget_seconds = command.budget_seconds;
  options.jobs = command.jobs;
  if (!command.only.empty()) {
    options.wants = [only = parse_regex(command.only)](const std::string& signature) {
      return std::regex_search(signature, only);
    };
  }
  return options;
}

void print_candidates(const TunedKernel& kernel) {
  for (const TriedSchedule& tried : kernel.tried) {
    std::printf("      %-36s predicted %9.2f  from code %9.2f", to_string(tried.schedule).c_str(), tried.predicted,
                tried.modelled);
    if (tried.spills > 0) std::printf("  %" PRId64 " spills", tried.spills);
    if (tried.ratio > 0) std::printf("  %s x %.3f", kernel.measure.c_str(), tried.ratio);
    std::printf("\n");
  }
}

void print_kernel(const TunedKernel& kernel, bool all_candidates) {
  std::printf("%4d  %s\n", kernel.kernel, kernel.signature.c_str());
  const KernelSchedule& rule = kernel.tried.front().schedule;
  if (kernel.best == rule) {
    std::printf("      %s stays; none of %zu others is better\n", to_string(rule).c_str(), kernel.tried.size() - 1);
  } else {
    std::printf("      %s: %s x %.3f of %s\n", to_string(kernel.best).c_str(), kernel.measure.c_str(), kernel.ratio,
                to_string(rule).c_str());
  }
  if (all_candidates) print_candidates(kernel);
  std::fflush(stdout);
}

TunedTable read_table(const std::string& path, Isa isa) {
  std::error_code ignored;
  const bool is_there = std::filesystem::is_regular_file(path, ignored);
  return is_there ? parse_tuned_table(read_file(path), path, isa) : TunedTable{};
}

std::string table_path(const TuneCommand& command, Isa isa) {
  if (!command.output.empty()) return command.output;
  const std::string folder = "schedules/tuned";
  if (!std::filesystem::is_directory(folder)) {
    throw UserError("there is no folder " + folder + " here: tune where qatc's sources are, or name a table with -o");
  }
  return folder + "/" + tuned_table_name(isa) + ".txt";
}

/// Takes what is no candidate of its kernel out of the table: compile does not use it, and the search replaces it as far
/// as the budget lasts.
void remove_stale(const Plan& plan, const TuneOptions& options, const std::string& path, TunedTable& table) {
  for (const KernelSpec& spec : plan.kernels) {
    const auto stale = table.find(signature(tiles_of(spec)));
    if (!is_stale(table, spec, options.target.isa) || (options.wants && !options.wants(stale->first))) continue;
    std::printf("%s: %s is no candidate of %s: removed\n", path.c_str(), to_string(stale->second.schedule).c_str(),
                stale->first.c_str());
    table.erase(stale);
  }
}

int run_tune(const TuneCommand& command) {
  TuneOptions options = tune_options(command);
  const Isa isa = options.target.isa;
  const std::string path = table_path(command, isa);
  TunedTable table = read_table(path, isa);
  std::error_code unknown;
  const bool is_new = !std::filesystem::exists(path, unknown);
  const Plan plan = plan_model(command.model);
  remove_stale(plan, options, path, table);
  const auto write = [&] { write_file_atomically(path, print_tuned_table(table, isa)); };
  write();  // a path that cannot be written is told before the long part
  int tuned = 0;
  int total = 0;
  {
    std::optional<ProgressLine> line;
    options.progress = [&](int done, int of) {
      line.emplace("tuning: kernels");
      line->update(done, of);
      total = of;
    };
    options.report = [&](const TunedKernel& kernel) {
      line.reset();
      write();  // an interruption keeps what was found
      print_kernel(kernel, command.all_candidates);
      ++tuned;
    };
    try {
      tune(plan, options, table);
    } catch (...) {
      std::error_code ignored;
      if (is_new && tuned == 0) std::filesystem::remove(path, ignored);
      throw;
    }
  }
  std::printf("%s: %zu schedule%s; %d of the model's %d kernels%s were tuned%s\n", path.c_str(), table.size(),
              table.size() == 1 ? "" : "s", tuned, total, command.only.empty() ? "" : " that match",
              tuned < total ? ", the budget ended" : "");
  return 0;
}

}  // namespace

Command add_tune_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "tune",
      "Searches faster schedules for the kernels of a network.\n"
      "Compiles the candidates that the cost model ranks first, checks that they compute the same bytes, measures\n"
      "the best and writes it to a table, or the default where nothing beats it. compile takes a table by --table;\n"
      "those in schedules/tuned become part of the next build of qatc.\n"
      "Entries of other networks stay. What takes most time comes first; an interruption keeps what was found.");
  const auto tune = std::make_shared<TuneCommand>();
  add_model_option(*command, tune->model.model);
  command->add_option("--target", tune->target, "whose schedules; default host")->type_name("T");
  add_command_option(*command, "--runner", tune->runner,
                     "runs the target's programs, called as CMD PROGRAM [ARGUMENT]; a script that copies the\n"
                     "program to a device and runs it there; or an emulator that leaves counts of instructions\n"
                     "in the file {counts}, which are compared instead of times. Under an emulator without (a\n"
                     "program whose name begins with qemu-), the cost model decides");
  add_command_option(*command, "--cc", tune->compiler,
                     "compiles and links C for the target; default: what is installed");
  add_count_option(*command, "--budget", tune->budget_seconds, 1, 1000000,
                   "seconds after which no further kernel is begun; default 300")
      ->type_name("SECONDS");
  command
      ->add_option("-o,--output", tune->output,
                   "the table, to read and write; default schedules/tuned/NAME.txt, NAME by\n"
                   "instruction set, e.g. arm64_dotprod")
      ->type_name("FILE");
  command->add_option("--only", tune->only, "only the kernels whose signatures match this regular expression")
      ->type_name("REGEX");
  add_rounding_option(*command, tune->model.rounding);
  add_jobs_option(*command, tune->jobs);
  command->add_flag("--all", tune->all_candidates, "print every candidate that was compiled");
  return {command, [tune] { return run_tune(*tune); }};
}

}  // namespace qatc
