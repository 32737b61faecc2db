#include "cli/options.h"

#include <algorithm>
#include <charconv>
#include <iostream>
#include <vector>

#include "ir/print.h"
#include "lower/target.h"
#include "passes/pipeline.h"
#include "qatc_runtime.h"
#include "support/error.h"
#include "support/files.h"
#include "support/text.h"

namespace qatc {

namespace {

constexpr int kMostThreads = QATC_MAX_WORKERS;  // more would find no work

/// What --print-after takes, in order; a pass that runs twice is named once.
std::vector<std::string> stage_names() {
  std::vector<std::string> names{"import"};
  for (const Pass& pass : pipeline()) {
    const std::string name(pass.name);
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  names.push_back("all");
  return names;
}

void print_after(const std::string& wanted, const std::string& pass, const Graph& graph) {
  if (wanted == "all" || wanted == pass) std::cout << "# after " << pass << "\n" << print(graph) << std::flush;
}

}  // namespace

void add_model_option(CLI::App& app, std::string& model) {
  app.add_option("MODEL", model, "the network, an ONNX file")->required()->type_name("MODEL");
}

void add_rounding_option(CLI::App& app, Rounding& rounding) {
  const auto read = [&rounding](const std::string& text) {
    if (text != "float" && text != "exact") {
      throw CLI::ValidationError("--rounding", "must be float or exact, is '" + text + "'");
    }
    rounding = text == "float" ? Rounding::kFloat : Rounding::kExact;
  };
  app.add_option_function<std::string>("--rounding", read,
                                       "float (default): float32 before each rounding, fastest;\n"
                                       "exact: as the graph's real arithmetic rounds")
      ->type_name("MODE");
}

CLI::Option* add_scheduler_option(CLI::App& app, Scheduler& scheduler) {
  const auto read = [&scheduler](const std::string& text) {
    const std::vector<Scheduler>& all = schedulers();
    const auto found =
        std::find_if(all.begin(), all.end(), [&](Scheduler known) { return scheduler_name(known) == text; });
    if (found == all.end()) {
      throw CLI::ValidationError("--scheduler", "must be templates, mullapudi2016 or adams2019, is '" + text + "'");
    }
    scheduler = *found;
  };
  return app
      .add_option_function<std::string>(
          "--scheduler", read,
          "who decides on the loops; the bytes are the same: templates (default), which are\n"
          "far faster, or Halide's mullapudi2016 or adams2019; what these refuse, templates do")
      ->type_name("S");
}

CLI::Option* add_count_option(CLI::App& app, const std::string& name, int& count, int least, int most,
                              const std::string& description) {
  const auto read = [name, &count, least, most](const std::string& text) {
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, count);
    if (error != std::errc() || stop != end || count < least || count > most) {
      throw CLI::ValidationError(name, "must be a number from " + std::to_string(least) + " to " +
                                           std::to_string(most) + ", is '" + text + "'");
    }
  };
  return app.add_option_function<std::string>(name, read, description)->type_name("N");
}

CLI::Option* add_command_option(CLI::App& app, const std::string& name, std::string& command,
                                const std::string& description) {
  const auto read = [name, &command](const std::string& text) {
    if (text.find_first_not_of(" \t\n") == std::string::npos) throw CLI::ValidationError(name, "must be a command");
    command = text;
  };
  return app.add_option_function<std::string>(name, read, description)->type_name("CMD");
}

CLI::Option* add_table_option(CLI::App& app, std::vector<std::string>& tables) {
  return app
      .add_option("--table", tables, "schedules that `qatc tune -o FILE` found; they go before those of qatc itself")
      ->allow_extra_args(false)
      ->type_name("FILE");
}

TunedTables read_tables(const std::vector<std::string>& paths, const std::vector<std::string>& targets) {
  TunedTables tables;
  for (const std::string& path : paths) {
    const std::string text = read_file(path);
    const Isa isa = tuned_table_isa(text, path);
    const bool has_target = std::any_of(targets.begin(), targets.end(), [isa](const std::string& name) {
      const TargetSet set = parse_target_set(name);
      return std::any_of(set.targets.begin(), set.targets.end(), [isa](const Target& t) { return t.isa == isa; });
    });
    if (!has_target) {
      throw UsageError("--table: " + path + " is for " + tuned_table_name(isa) + ", which is no target's");
    }
    if (!tables.emplace(isa, parse_tuned_table(text, path, isa)).second) {
      throw UsageError("--table: " + path + " is the second for " + tuned_table_name(isa));
    }
  }
  return tables;
}

void add_threads_option(CLI::App& app, int& threads) {
  add_count_option(app, "--threads", threads, 1, kMostThreads, "threads that the network runs on; default 1");
}

CLI::Option* add_jobs_option(CLI::App& app, int& jobs) {
  return add_count_option(app, "--jobs", jobs, 1, 1024, "kernels compiled at a time; default: as many as cores");
}

void add_print_after_option(CLI::App& app,
                            std::function<void(const std::string& pass, const Graph& graph)>& after_pass) {
  const auto read = [&after_pass](const std::string& wanted) {
    const std::vector<std::string> names = stage_names();
    if (std::find(names.begin(), names.end(), wanted) == names.end()) {
      throw CLI::ValidationError("--print-after", "there is no pass '" + wanted + "'; there are " + join(names));
    }
    after_pass = [wanted](const std::string& pass, const Graph& graph) { print_after(wanted, pass, graph); };
  };
  app.add_option_function<std::string>("--print-after", read, "print the graph after this pass, or after all")
      ->type_name("PASS|all");
}

std::string rounding_name(Rounding rounding) { return rounding == Rounding::kFloat ? "float" : "exact"; }

}  // namespace qatc
