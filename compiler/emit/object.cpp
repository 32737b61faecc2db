#include "emit/object.h"

#include "lower/kernel.h"
#include "schedules/lookup.h"
#include "schedules/schedule.h"
#include "support/error.h"

namespace qatc {

namespace {

/// Turns Halide's messages into exceptions; a warning has meant wrong code before.
class ThrowingReporter : public Halide::CompileTimeErrorReporter {
 public:
  void warning(const char* message) override {
    throw InternalError(std::string("Halide warned: ") + message);
  }
  void error(const char* message) override { throw InternalError(std::string("Halide refused: ") + message); }
};

void compile(const KernelSpec& spec, const Target& target, const std::string& symbol,
             const std::map<Halide::OutputFileType, std::string>& outputs) {
  static ThrowingReporter reporter;
  Halide::set_custom_compile_time_error_reporter(&reporter);
  LoweredKernel kernel = lower_kernel(spec, target.isa);
  schedule_kernel(kernel, spec, target.isa);
  Halide::Module module =
      Halide::Pipeline(kernel.out).compile_to_module(kernel.arguments, symbol, target.halide);
  module.append(Halide::ExternalCode::bitcode_wrapper(
      target.halide, lookup_bitcode(target.isa, is_apple(target)), "qatc_lookup"));
  module.compile(outputs);
}

}  // namespace

void compile_kernel(const KernelSpec& spec, const Target& target, const std::string& symbol,
                    const std::string& path) {
  compile(spec, target, symbol, {{Halide::OutputFileType::object, path}});
}

void compile_kernel_assembly(const KernelSpec& spec, const Target& target, const std::string& symbol,
                             const std::string& path) {
  compile(spec, target, symbol, {{Halide::OutputFileType::assembly, path}});
}

}  // namespace qatc
