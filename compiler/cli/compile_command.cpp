#include "cli/compile_command.h"

#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "cli/compile_network.h"
#include "cli/model_name.h"
#include "cli/options.h"
#include "lower/target.h"

namespace qatc {

namespace {

void print_file(const std::string& path) {
  std::printf("%-50s %8.1f KB\n", path.c_str(), static_cast<double>(std::filesystem::file_size(path)) / 1024);
}

void print_summary(const CompileOptions& options, double seconds) {
  const std::string folder = (std::filesystem::path(options.output) / "").string();
  print_file(folder + options.name + ".h");
  for (const std::string& target : options.targets) {
    const std::string target_folder = folder + parse_target_set(target).folder;
    print_file(target_folder + "/lib" + options.name + ".a");
    print_file(target_folder + "/libqatc_runtime.a");
  }
  std::printf("compiled in %.1f s\n", seconds);
}

struct CompileCommand {
  ModelOptions model;
  CompileOptions compile;
  std::vector<std::string> tables;
};

int run_compile(const CompileCommand& command) {
  CompileOptions options = command.compile;
  if (options.targets.empty()) options.targets = {"host"};
  if (options.name.empty()) options.name = default_model_name(command.model.model);
  if (options.output.empty()) options.output = "generated/" + options.name;
  if (options.scheduler != Scheduler::kTemplates) {
    options.on_scheduled = [&](const Target& target, int64_t scheduled, size_t kernels) {
      const std::string scheduler(scheduler_name(options.scheduler));
      std::printf("%s: %s schedules %" PRId64 " of %zu kernels, templates the others\n", target.name.c_str(),
                  scheduler.c_str(), scheduled, kernels);
    };
  }
  const auto start = std::chrono::steady_clock::now();
  options.tables = read_tables(command.tables, options.targets);
  compile_network(plan_model(command.model), options);
  print_summary(options, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  return 0;
}

/// Repeated options name every target once, too.
void add_targets(const std::vector<std::string>& given, std::vector<std::string>& targets) {
  for (const std::string& text : given) {
    for (const std::string& target : split_target_sets(text)) {
      if (std::find(targets.begin(), targets.end(), target) == targets.end()) targets.push_back(target);
    }
  }
}

}  // namespace

Command add_compile_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("compile",
                                         "Compiles a network into one static library per target.\n"
                                         "Writes DIR/NAME.h and for each target DIR/TARGET/libNAME.a, to "
                                         "link with DIR/TARGET/libqatc_runtime.a.");
  const auto compile = std::make_shared<CompileCommand>();
  CompileOptions* options = &compile->compile;
  add_model_option(*command, compile->model.model);
  command
      ->add_option_function<std::vector<std::string>>(
          "--target", [options](const std::vector<std::string>& given) { add_targets(given, options->targets); },
          "where the library runs; for several, once for each or with commas; default host:\n"
          "host, arm-64-linux, arm-64-android, arm-64-ios, arm-64-osx, x86-64-linux,\n"
          "each with CPU features after dashes: -arm_dot_prod, -arm_dot_prod-i8mm, -avx2,\n"
          "-avx2-avxvnni, -avx512_sapphirerapids;\n"
          "or with instruction sets to choose from at run time: arm-64-android:i8mm,dotprod,base,\n"
          "x86-64-linux:avx512vnni,avxvnni,avx2,base")
      ->allow_extra_args(false)
      ->type_name("T,...");
  command->add_option("-o,--output", options->output, "the folder to write; default generated/NAME")->type_name("DIR");
  command->add_option("--name", options->name, "prefix of all symbols and files; default: the model's file name")
      ->type_name("NAME")
      ->check([](const std::string& name) {
        if (is_reserved(name)) return "must not be qatc or begin with qatc_, which is the runtime's, is '" + name + "'";
        return is_c_identifier(name) ? std::string() : "must be a C identifier, is '" + name + "'";
      });
  add_rounding_option(*command, compile->model.rounding);
  add_scheduler_option(*command, options->scheduler);
  add_table_option(*command, compile->tables);
  add_jobs_option(*command, options->jobs);
  add_print_after_option(*command, compile->model.after_pass);
  return {command, [compile] { return run_compile(*compile); }};
}

}  // namespace qatc
