#include "emit/library.h"

#include <Halide.h>

#include <filesystem>

#include "emit/constants.h"
#include "emit/driver.h"
#include "emit/embedded.h"
#include "emit/header.h"
#include "emit/manifest.h"
#include "emit/object.h"
#include "emit/symbols.h"
#include "support/error.h"
#include "support/files.h"
#include "support/jobs.h"
#include "support/process.h"

namespace qatc {

namespace {

/// Freestanding C in which every floating-point operator is one IEEE operation.
const std::vector<std::string> kCFlags = {
    "-std=c11",        "-O2",   "-fPIC",   "-ffreestanding", "-fno-stack-protector", "-ffp-contract=off",
    "-fno-math-errno", "-Wall", "-Wextra", "-Werror"};

/// The clang qatc was built with, or another one that is installed.
std::string clang() {
  for (const char* name : {QATC_CLANG, "clang"}) {
    if (find_program(name)) return name;
  }
  throw UserError("clang is not installed; qatc needs it to compile generated drivers");
}

void compile_c(const Target& target, const std::string& source, const std::string& object, const std::string& include) {
  std::vector<std::string> command = {clang(), "--target=" + target.clang_triple};
  command.insert(command.end(), kCFlags.begin(), kCFlags.end());
  command.insert(command.end(), {"-I" + include, "-c", source, "-o", object});
  const ProcessResult result = run_process(command);
  if (result.status != 0) throw InternalError("clang refused " + source + ":\n" + result.err);
}

/// One symbol per constant, over one file of bytes.
std::string constants_assembly(const std::vector<Constant>& constants, const std::string& bytes_file, bool apple) {
  std::string text = apple ? "    .section __TEXT,__const\n" : "    .section .rodata,\"a\",%progbits\n";
  size_t offset = 0;
  for (const Constant& constant : constants) {
    const std::string symbol = (apple ? "_" : "") + constant.symbol;
    text += "    .p2align 6\n    .globl " + symbol + "\n    " + (apple ? ".private_extern " : ".hidden ") + symbol +
            "\n" + symbol + ":\n    .incbin \"" + bytes_file + "\", " + std::to_string(offset) + ", " +
            std::to_string(constant.bytes.size()) + "\n";
    offset += constant.bytes.size();
  }
  if (!apple) text += "    .section .note.GNU-stack,\"\",%progbits\n";
  return text;
}

void archive(const std::vector<std::string>& objects, const Target& target, const std::string& path) {
  Halide::create_static_library(objects, target.halide, path, /*deterministic=*/true);
}

/// The jobs and files of one target.
class TargetBuild {
 public:
  TargetBuild(const Plan& plan, const LibraryTarget& target, const LibraryOptions& options, const std::string& scratch)
      : plan_(plan),
        target_(target.target),
        schedules_(target.schedules),
        options_(options),
        folder_(scratch + "/" + target.target.name),
        sources_(scratch) {
    make_folder(folder_);
  }

  void add_jobs(std::vector<std::function<void()>>& jobs) {
    for (size_t k = 0; k < plan_.kernels.size(); ++k) {
      const std::string symbol = kernel_symbol(plan_, options_.name, static_cast<int>(k));
      const std::string object = folder_ + "/" + symbol + ".o";
      library_.push_back(object);
      jobs.emplace_back(
          [this, k, symbol, object] { compile_kernel(plan_.kernels[k], schedules_[k], target_, symbol, object); });
    }
    const std::string driver = folder_ + "/" + options_.name + "_driver.o";
    library_.push_back(driver);
    jobs.emplace_back(
        [this, driver] { compile_c(target_, sources_ + "/" + options_.name + "_driver.c", driver, sources_); });
    const std::string constants = folder_ + "/" + options_.name + "_constants.o";
    library_.push_back(constants);
    jobs.emplace_back([this, constants] { compile_constants(constants); });
    for (const std::string part : {"qatc_runtime", "qatc_threads"}) {
      const std::string object = folder_ + "/" + part + ".o";
      runtime_.push_back(object);
      jobs.emplace_back([this, part, object] { compile_c(target_, sources_ + "/" + part + ".c", object, sources_); });
    }
  }

  void write_outputs() const {
    const std::string folder = options_.output + "/" + target_.name;
    make_folder(folder);
    const std::string library = "lib" + options_.name + ".a";
    archive(library_, target_, folder_ + "/" + library);
    archive(runtime_, target_, folder_ + "/libqatc_runtime.a");
    const std::string bytes = read_file(folder_ + "/" + library);
    write_file_atomically(folder + "/libqatc_runtime.a", read_file(folder_ + "/libqatc_runtime.a"));
    write_file_atomically(folder + "/" + library, bytes);
    write_file_atomically(folder + "/manifest.json", emit_manifest(plan_, options_.name, target_, bytes.size()));
  }

 private:
  void compile_constants(const std::string& object) const {
    const std::vector<Constant> constants = pack_constants(plan_, schedules_, options_.name, target_.isa);
    std::string bytes;
    for (const Constant& constant : constants) bytes.append(constant.bytes.begin(), constant.bytes.end());
    const std::string stem = folder_ + "/" + options_.name + "_constants";
    write_file_atomically(stem + ".bin", bytes);
    write_file_atomically(stem + ".s", constants_assembly(constants, stem + ".bin", is_apple(target_)));
    const ProcessResult result =
        run_process({clang(), "--target=" + target_.clang_triple, "-c", stem + ".s", "-o", object});
    if (result.status != 0) throw InternalError("clang refused the constants:\n" + result.err);
  }

  const Plan& plan_;
  const Target& target_;
  const std::vector<KernelSchedule>& schedules_;
  const LibraryOptions& options_;
  std::string folder_, sources_;
  std::vector<std::string> library_, runtime_;
};

}  // namespace

void emit_libraries(const Plan& plan, const std::vector<LibraryTarget>& targets, const LibraryOptions& options) {
  const TemporaryDirectory scratch;
  const std::string header = emit_header(plan, options.name);
  const std::string driver = emit_driver(plan, options.name);
  write_file_atomically(scratch.path() + "/" + options.name + ".h", header);
  write_file_atomically(scratch.path() + "/" + options.name + "_driver.c", driver);
  for (const char* file :
       {"qatc_runtime.h", "qatc_runtime.c", "qatc_driver_support.h", "qatc_threads.h", "qatc_threads.c"}) {
    write_file_atomically(scratch.path() + "/" + file, embedded_file(file));
  }
  std::vector<std::unique_ptr<TargetBuild>> builds;
  std::vector<std::function<void()>> jobs;
  for (const LibraryTarget& target : targets) {
    builds.push_back(std::make_unique<TargetBuild>(plan, target, options, scratch.path()));
    builds.back()->add_jobs(jobs);
  }
  const int total = static_cast<int>(jobs.size());
  run_jobs(jobs, options.jobs, [&](int done) {
    if (options.progress) options.progress(done, total);
  });
  for (const auto& build : builds) build->write_outputs();
  for (const char* file : {"qatc_runtime.h", "qatc_threads.h"})
    write_file_atomically(options.output + "/" + file, embedded_file(file));
  write_file_atomically(options.output + "/" + options.name + "_driver.c", driver);
  write_file_atomically(options.output + "/" + options.name + ".h", header);
}

}  // namespace qatc
