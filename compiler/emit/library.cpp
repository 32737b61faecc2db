#include "emit/library.h"

#include <Halide.h>

#include <filesystem>

#include "emit/constants.h"
#include "emit/dispatcher.h"
#include "emit/driver.h"
#include "emit/header.h"
#include "emit/manifest.h"
#include "emit/object.h"
#include "emit/symbols.h"
#include "emit/write_constants.h"
#include "support/embedded.h"
#include "support/error.h"
#include "support/files.h"
#include "support/jobs.h"
#include "support/process.h"

namespace qatc {

namespace {

/// Freestanding C in which every floating-point operator is one IEEE operation. Unrolling would only make it large: the
/// work is in the kernels.
const std::vector<std::string> kCFlags = {"-std=c11",
                                          "-O2",
                                          "-fPIC",
                                          "-ffreestanding",
                                          "-fno-stack-protector",
                                          "-ffp-contract=off",
                                          "-fno-math-errno",
                                          "-fno-unroll-loops",
                                          "-Wall",
                                          "-Wextra",
                                          "-Werror"};

/// The clang qatc was built with, or another one that is installed.
std::string clang() {
  for (const char* name : {QATC_CLANG, "clang"}) {
    if (find_program(name)) return name;
  }
  throw UserError("clang is not installed; qatc needs it to compile generated drivers");
}

void compile_c(const Target& target, const std::string& source, const std::string& object, const std::string& include,
               const std::vector<std::string>& flags) {
  std::vector<std::string> command = {clang(), "--target=" + target.clang_triple};
  command.insert(command.end(), kCFlags.begin(), kCFlags.end());
  command.insert(command.end(), flags.begin(), flags.end());
  command.insert(command.end(), {"-I" + include, "-c", source, "-o", object});
  const ProcessResult result = run_process(command);
  if (result.status != 0) throw InternalError("clang refused " + source + ":\n" + result.err);
}

void archive(const std::vector<std::string>& objects, const Target& target, const std::string& path) {
  Halide::create_static_library(objects, target.halide, path, /*deterministic=*/true);
}

/// The jobs and files of one target.
class TargetBuild {
 public:
  using Jobs = std::vector<std::function<void()>>;

  TargetBuild(const Plan& plan, const LibraryTarget& target, const LibraryOptions& options, const std::string& scratch)
      : plan_(plan), target_(target), options_(options), folder_(scratch + "/" + target.set.folder), sources_(scratch) {
    make_folder(folder_);
  }

  void add_jobs(Jobs& jobs) {
    const TargetSet& set = target_.set;
    for (size_t i = 0; i < set.targets.size(); ++i) {
      add_code_jobs(jobs, set.targets[i], target_.schedules[i]);
    }
    if (set.is_list) {
      const std::string source = folder_ + "/" + options_.name + "_dispatcher.c";
      write_file_atomically(source, emit_dispatcher(options_.name, set));
      add_c_job(jobs, source, new_object(library_, options_.name + "_dispatcher"));
    }
    for (const std::string part : {"qatc_runtime", "qatc_cpu", "qatc_threads"}) {
      add_c_job(jobs, sources_ + "/" + part + ".c", new_object(runtime_, part));
    }
  }

  void write_outputs() const {
    const std::string folder = options_.output + "/" + target_.set.folder;
    make_folder(folder);
    const std::string library = "lib" + options_.name + ".a";
    archive(library_, platform(), folder_ + "/" + library);
    archive(runtime_, platform(), folder_ + "/libqatc_runtime.a");
    const std::string bytes = read_file(folder_ + "/" + library);
    write_file_atomically(folder + "/libqatc_runtime.a", read_file(folder_ + "/libqatc_runtime.a"));
    write_file_atomically(folder + "/" + library, bytes);
    write_file_atomically(folder + "/manifest.json", emit_manifest(plan_, options_.name, target_.set, bytes.size()));
  }

 private:
  /// Any of the set: they differ in the instruction set only.
  const Target& platform() const { return target_.set.targets.front(); }

  std::string new_object(std::vector<std::string>& objects, const std::string& stem) const {
    objects.push_back(folder_ + "/" + stem + ".o");
    return objects.back();
  }

  void add_c_job(Jobs& jobs, const std::string& source, const std::string& object) {
    jobs.emplace_back([this, source, object] { compile_c(platform(), source, object, sources_, {}); });
  }

  /// Kernels, driver and constants of one instruction set.
  void add_code_jobs(Jobs& jobs, const Target& target, const std::vector<KernelSchedule>& schedules) {
    const std::string prefix = symbol_prefix(options_.name, target_.set, target.isa);
    for (size_t k = 0; k < plan_.kernels.size(); ++k) {
      const std::string symbol = kernel_symbol(plan_, prefix, static_cast<int>(k));
      const std::string object = new_object(library_, symbol);
      jobs.emplace_back([this, k, symbol, object, &target, &schedules] {
        compile_kernel(plan_.kernels[k], schedules[k], target, symbol, object);
      });
    }
    for (const ImageKernel& kernel : image_kernels(plan_)) {
      const std::string symbol = image_kernel_symbol(prefix, kernel);
      const std::string object = new_object(library_, symbol);
      jobs.emplace_back([kernel, symbol, object, &target] { compile_image_kernel(kernel, target, symbol, object); });
    }
    const std::string driver = new_object(library_, prefix + "_driver");
    jobs.emplace_back([this, prefix, driver, &target] {
      const std::string source = folder_ + "/" + prefix + "_driver.c";
      write_file_atomically(source, emit_driver(plan_, options_.name, prefix));
      compile_c(target, source, driver, sources_,
                {"-DQATC_CPU_REQUIRED=" + std::to_string(required_features(target.isa))});
    });
    const std::string constants = prefix + "_constants";
    const std::string object = new_object(library_, constants);
    jobs.emplace_back([this, constants, object, prefix, &target, &schedules] {
      compile_constants(pack_constants(plan_, schedules, prefix, target.isa), folder_ + "/" + constants, object);
    });
  }

  void compile_constants(const std::vector<Constant>& constants, const std::string& stem,
                         const std::string& object) const {
    write_constants(constants, platform(), stem);
    const ProcessResult result =
        run_process({clang(), "--target=" + platform().clang_triple, "-c", stem + ".s", "-o", object});
    if (result.status != 0) throw InternalError("clang refused the constants:\n" + result.err);
  }

  const Plan& plan_;
  const LibraryTarget& target_;
  const LibraryOptions& options_;
  std::string folder_, sources_;
  std::vector<std::string> library_, runtime_;
};

}  // namespace

LibraryTarget schedule_library(const Plan& plan, TargetSet set, const ScheduleOptions& options) {
  LibraryTarget result{std::move(set), {}};
  for (const Target& target : result.set.targets) {
    std::vector<KernelSchedule>& schedules = result.schedules.emplace_back();
    for (const ScheduleChoice& choice : choose_schedules(plan.kernels, target, options)) {
      schedules.push_back(choice.schedule);
    }
  }
  return result;
}

void emit_libraries(const Plan& plan, const std::vector<LibraryTarget>& targets, const LibraryOptions& options) {
  const TemporaryDirectory scratch;
  const std::string header = emit_header(plan, options.name);
  const std::string driver = emit_driver(plan, options.name, options.name);
  write_file_atomically(scratch.path() + "/" + options.name + ".h", header);
  write_embedded_files({"qatc_runtime.h", "qatc_runtime.c", "qatc_driver_support.h", "qatc_cpu.h", "qatc_cpu.c",
                        "qatc_threads.h", "qatc_threads.c"},
                       scratch.path());
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
  write_embedded_files({"qatc_runtime.h", "qatc_threads.h"}, options.output);
  write_file_atomically(options.output + "/" + options.name + "_driver.c", driver);
  write_file_atomically(options.output + "/" + options.name + ".h", header);
}

}  // namespace qatc
