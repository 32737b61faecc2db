#include "emit/object.h"

#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>
#include <llvm/Support/raw_ostream.h>

#include "emit/llvm_module.h"
#include "lower/kernel.h"
#include "schedules/schedule.h"
#include "support/error.h"

namespace qatc {

namespace {

/// Turns Halide's messages into exceptions; a warning has meant wrong code before.
class ThrowingReporter : public Halide::CompileTimeErrorReporter {
 public:
  void warning(const char* message) override { throw InternalError(std::string("Halide warned: ") + message); }
  void error(const char* message) override { throw InternalError(std::string("Halide refused: ") + message); }
};

void compile(const KernelSpec& spec, const KernelSchedule& schedule, const Target& target, const std::string& symbol,
             const std::string& path, void (*write)(llvm::Module&, Halide::Internal::LLVMOStream&)) {
  static ThrowingReporter reporter;
  Halide::set_custom_compile_time_error_reporter(&reporter);
  LoweredKernel kernel = lower_kernel(spec, schedule, target.isa);
  schedule_kernel(kernel, spec, schedule, target.isa);
  const Halide::Module module = Halide::Pipeline(kernel.out).compile_to_module(kernel.arguments, symbol, target.halide);
  llvm::LLVMContext context;
  const std::unique_ptr<llvm::Module> code = Halide::compile_module_to_llvm_module(module, context);
  finish_module(*code, target.isa);
  write(*code, *Halide::make_raw_fd_ostream(path));
}

}  // namespace

void compile_kernel(const KernelSpec& spec, const KernelSchedule& schedule, const Target& target,
                    const std::string& symbol, const std::string& path) {
  compile(spec, schedule, target, symbol, path, Halide::compile_llvm_module_to_object);
}

void compile_kernel_assembly(const KernelSpec& spec, const KernelSchedule& schedule, const Target& target,
                             const std::string& symbol, const std::string& path) {
  compile(spec, schedule, target, symbol, path, Halide::compile_llvm_module_to_assembly);
}

}  // namespace qatc
