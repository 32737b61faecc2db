#include "cli/example_program.h"

#include <optional>
#include <sstream>

#include "support/embedded.h"
#include "support/error.h"
#include "support/files.h"
#include "support/process.h"

namespace qatc {

namespace {

using HTarget = Halide::Target;

/// Writes the sources that the example consists of; returns the path of its main file.
std::string write_sources(Example example, const std::string& folder) {
  write_embedded_files({"model.h"}, folder);
  if (example == Example::kRunCase) {
    write_embedded_files({"run_case.c"}, folder);
    return folder + "/run_case.c";
  }
  make_folder(folder + "/stb");
  write_embedded_files({"stb_image.h", "stb_image_write.h"}, folder + "/stb");
  write_embedded_files({"enhance.c"}, folder);
  return folder + "/enhance.c";
}

std::optional<std::vector<std::string>> first_found(const std::vector<std::vector<std::string>>& commands) {
  for (const std::vector<std::string>& command : commands) {
    if (find_program(command[0])) return command;
  }
  return std::nullopt;
}

bool is_arm64_linux(const Target& target) {
  return target.halide.arch == HTarget::ARM && target.halide.os == HTarget::Linux;
}

}  // namespace

bool runs_here(const Target& target) {
#if defined(__aarch64__)
  constexpr HTarget::Arch kArch = HTarget::ARM;
#else
  constexpr HTarget::Arch kArch = HTarget::X86;
#endif
#if defined(__APPLE__)
  constexpr HTarget::OS kOs = HTarget::OSX;
#else
  constexpr HTarget::OS kOs = HTarget::Linux;
#endif
  return target.is_host || (target.halide.arch == kArch && target.halide.os == kOs);
}

std::vector<std::string> c_compiler(const Target& target, const std::string& given) {
  if (std::vector<std::string> compiler = split_words(given); !compiler.empty()) {
    if (!find_program(compiler[0])) throw UserError("--cc: there is no program " + compiler[0]);
    return compiler;
  }
  if (runs_here(target)) {
    if (const auto found = first_found({{"clang"}, {"cc"}, {"gcc"}, {QATC_CLANG}})) return *found;
    throw UserError("there is no C compiler; install clang or gcc");
  }
  if (is_arm64_linux(target)) {
    // Static, because an emulator has no shared libraries of the target.
    if (const auto found =
            first_found({{"aarch64-linux-gnu-gcc", "-static"}, {"clang", "--target=aarch64-linux-gnu", "-static"}})) {
      return *found;
    }
  }
  throw UserError("there is no C compiler for target '" + target.name + "'" +
                  (is_arm64_linux(target) ? "; install gcc-aarch64-linux-gnu, or give one with --cc"
                                          : "; give the one of its SDK with --cc"));
}

std::vector<std::string> program_runner(const Target& target, const std::string& given) {
  if (std::vector<std::string> runner = split_words(given); !runner.empty()) {
    if (!find_program(runner[0])) throw UserError("--runner: there is no program " + runner[0]);
    return runner;
  }
  if (runs_here(target)) return {};
  if (target.halide.arch == Halide::Target::ARM && target.halide.os == Halide::Target::Linux) {
    for (const char* emulator : {"qemu-aarch64", "qemu-aarch64-static"}) {
      if (find_program(emulator)) return {emulator, "-cpu", "max"};
    }
    throw UserError("programs for target '" + target.name +
                    "' do not run here; install qemu-user, or say with --runner CMD how to run them");
  }
  throw UserError("programs for target '" + target.name + "' do not run here; say with --runner CMD how to run them");
}

void build_example(Example example, const CompiledModel& model, const Target& target,
                   const std::vector<std::string>& compiler, const std::string& program) {
  const TemporaryDirectory sources;
  const std::string libraries = model.folder + "/" + model.target_folder;
  std::vector<std::string> command = compiler;
  for (const std::string& argument : {
           std::string("-O2"),
           "-DQATC_MODEL_HEADER=\"" + model.name + ".h\"",
           "-DQATC_MODEL=" + model.name,
           "-I" + model.folder,
           "-I" + sources.path(),
           write_sources(example, sources.path()),
           libraries + "/lib" + model.name + ".a",
           libraries + "/libqatc_runtime.a",
           std::string("-pthread"),
           std::string("-lm"),
           std::string("-o"),
           program,
       }) {
    command.push_back(argument);
  }
  const ProcessResult result = run_process(command);
  if (result.status == 0) return;
  // What the compiler has to say goes line by line, so that nothing of it looks like ours.
  std::vector<std::string> lines{compiler[0] + " cannot build the program for target '" + target.name + "':"};
  std::istringstream said(result.err);
  for (std::string line; std::getline(said, line);) lines.push_back("  " + line);
  throw UserError(lines);
}

std::vector<std::string> split_words(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

}  // namespace qatc
