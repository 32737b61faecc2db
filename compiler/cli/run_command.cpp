#include "cli/run_command.h"

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <system_error>

#include "cli/compile_network.h"
#include "cli/example_program.h"
#include "cli/options.h"
#include "support/error.h"
#include "support/files.h"
#include "support/hash.h"
#include "support/process.h"

namespace qatc {

namespace {

namespace fs = std::filesystem;

struct RunOptions {
  std::string model, input, output;
  Rounding rounding = Rounding::kFloat;
  int threads = 1;
};

std::optional<std::string> cache_folder() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && *cache != '\0') return std::string(cache) + "/qatc";
  const char* home = std::getenv("HOME");
  if (home != nullptr && *home != '\0') return std::string(home) + "/.cache/qatc";
  return std::nullopt;
}

/// The folder where compiled networks are kept, if there is one that we may write to.
std::optional<std::string> usable_cache_folder() {
  std::optional<std::string> cache = cache_folder();
  if (!cache) return std::nullopt;
  try {
    make_folder(*cache);
    const TemporaryDirectory writable(*cache);
    return cache;
  } catch (const UserError&) {
    return std::nullopt;
  }
}

std::string hexadecimal(uint64_t number) {
  std::string text;
  for (int shift = 60; shift >= 0; shift -= 4) text += "0123456789abcdef"[number >> shift & 15];
  return text;
}

/// Everything that the program depends on: the model, the options, this machine's CPU and this very compiler.
std::string cache_key(const RunOptions& options, const Target& host) {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  uint64_t hash = fnv1a(QATC_VERSION);
  if (!error) hash = fnv1a(read_file(self.string()), hash);
  hash = fnv1a(
      host.halide.to_string() + "\n" + std::string(isa_name(host.isa)) + "\n" + rounding_name(options.rounding) + "\n",
      hash);
  return hexadecimal(fnv1a(read_file(options.model), hash));
}

void build(const RunOptions& options, const Target& host, const std::string& program) {
  const std::vector<std::string> compiler = c_compiler(host, "");  // first, as compiling takes a while
  const TemporaryDirectory folder;
  CompileOptions compile_options;
  compile_options.name = "network";
  compile_options.targets = {host.name};
  compile_options.output = folder.path();
  ModelOptions model;
  model.model = options.model;
  model.rounding = options.rounding;
  compile_network(plan_model(model), compile_options);
  build_example(Example::kEnhance, {compile_options.output, host.name, compile_options.name}, host, compiler, program);
}

/// The path of the model's program, which is built when the cache does not have it. A folder appears in the cache
/// whole: it is filled beside its place and then renamed.
std::string cached_program(const RunOptions& options, const std::string& cache) {
  const Target host = parse_target("host");
  const std::string entry = cache + "/" + cache_key(options, host);
  std::error_code error;
  if (!fs::exists(entry + "/enhance", error)) {
    const TemporaryDirectory filling(cache);
    build(options, host, filling.path() + "/enhance");
    fs::rename(filling.path(), entry, error);
    // It may be there by now, from another run, and then is as good.
    if (error && !fs::exists(entry + "/enhance")) {
      throw UserError("cannot write " + entry + ": " + error.message());
    }
  }
  return entry + "/enhance";
}

int run_model(const RunOptions& options) {
  read_file(options.input);  // a wrong path is told at once, not after compiling
  // Without a folder to keep it in, the program lives as long as this call.
  std::optional<TemporaryDirectory> uncached;
  const std::optional<std::string> cache = usable_cache_folder();
  if (!cache) uncached.emplace();
  const std::string program = cached_program(options, cache ? *cache : uncached->path());
  const ProcessResult result =
      run_process({program, options.input, options.output, "--threads", std::to_string(options.threads)});
  std::cout << result.out;
  std::cerr << result.err;
  if (result.status != 0 && result.err.empty()) {
    throw InternalError("the compiled network ended with status " + std::to_string(result.status));
  }
  return result.status == 0 ? 0 : 1;
}

}  // namespace

Command add_run_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("run",
                                         "Enhances a picture: compiles the network for this machine and runs it.\n"
                                         "What was compiled is kept in ~/.cache/qatc for the next time.");
  const auto options = std::make_shared<RunOptions>();
  add_model_option(*command, options->model);
  command->add_option("PICTURE", options->input, "the picture, a PNG or JPEG file")->required()->type_name("PICTURE");
  command->add_option("-o,--output", options->output, "the result, a PNG file")
      ->required()
      ->type_name("OUT.png")
      ->check([](const std::string& path) {
        return fs::path(path).extension() == ".png" ? std::string() : "must end in .png, is '" + path + "'";
      });
  add_rounding_option(*command, options->rounding);
  add_threads_option(*command, options->threads);
  return {command, [options] { return run_model(*options); }};
}

}  // namespace qatc
