#include <csignal>
#include <cstdio>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "cli/compile_command.h"
#include "cli/help.h"
#include "cli/inspect_command.h"
#include "cli/run_command.h"
#include "cli/tune_command.h"
#include "cli/verify_command.h"
#include "support/error.h"
#include "support/interruption.h"

namespace {

enum ExitStatus { kOk = 0, kUserError = 1, kUsageError = 2, kInternalError = 3 };

/// CLI11 only says that a subcommand is missing.
std::string command_fault(const CLI::App& app, const CLI::ParseError& error,
                          const std::vector<std::string>& arguments) {
  if (!app.get_subcommands().empty()) return error.what();
  if (arguments.empty()) return "there is no command";
  return "there is no command '" + arguments[0] + "'";
}

int fail_usage(const CLI::App& app, const std::string& reason) {
  std::string command = app.get_name();
  for (const CLI::App* subcommand : app.get_subcommands()) command += " " + subcommand->get_name();
  std::cerr << "error: " << reason << "\n" << command << " --help shows the usage\n";
  return kUsageError;
}

/// Those who print do not look.
bool is_output_written() { return std::fflush(stdout) == 0 && std::ferror(stdout) == 0 && std::cout.flush(); }

/// A mistake in the input is told in its own words; anything else that goes wrong is ours.
int run(const qatc::Command& command) {
  try {
    const int status = command.run();
    if (!is_output_written()) throw qatc::UserError("cannot write to standard output");
    return status;
  } catch (const qatc::Interrupted& error) {
    std::cerr << "error: " << error.what() << "\n";
    // As a shell's loop wants it, which else goes on.
    std::signal(error.signal(), SIG_DFL);
    std::raise(error.signal());
    return kUserError;
  } catch (const qatc::UsageError& error) {
    std::cerr << "error: " << error.what() << "\n";
    return kUsageError;
  } catch (const qatc::UserError& error) {
    for (const std::string& line : error.lines()) std::cerr << "error: " << line << "\n";
    return kUserError;
  } catch (const std::exception& error) {
    std::cerr << "error: this is a bug in qatc, please report it: " << error.what() << "\n";
    return kInternalError;
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Compiles quantized ONNX image networks into static libraries for phones and desktops.", "qatc");
  app.formatter_fn(qatc::help_text);
  app.set_help_flag("-h,--help", "say this");
  app.set_version_flag("--version", "qatc " QATC_VERSION, "say the version");
  app.require_subcommand(1);
  const std::vector<qatc::Command> commands{
      qatc::add_compile_command(app), qatc::add_run_command(app),  qatc::add_verify_command(app),
      qatc::add_inspect_command(app), qatc::add_tune_command(app),
  };

  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help_or_version) {
    const int status = app.exit(help_or_version);
    if (is_output_written()) return status;
    std::cerr << "error: cannot write to standard output\n";
    return kUserError;
  } catch (const CLI::ParseError& error) {
    return fail_usage(app, command_fault(app, error, {argv + 1, argv + argc}));
  }
  for (const qatc::Command& command : commands) {
    if (command.app->parsed()) return run(command);
  }
  return kUsageError;
}
