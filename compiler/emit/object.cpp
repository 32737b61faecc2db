#include "emit/object.h"

#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>
#include <llvm/Support/raw_ostream.h>

#include "emit/llvm_module.h"
#include "lower/halide_messages.h"
#include "lower/kernel.h"
#include "schedules/autoscheduler.h"
#include "schedules/schedule.h"
#include "support/error.h"

namespace qatc {

namespace {

void compile(const KernelSpec& spec, const KernelSchedule& schedule, const Target& target, const std::string& symbol,
             const std::string& path, void (*write)(llvm::Module&, Halide::Internal::LLVMOStream&)) {
  throw_halide_messages();
  LoweredKernel kernel = lower_kernel(spec, schedule, target.isa);
  if (schedule.scheduler == Scheduler::kTemplates) {
    schedule_kernel(kernel, spec, schedule, target.isa);
  } else {
    autoschedule_kernel(kernel, schedule.scheduler, target);
  }
  const Halide::Module module = Halide::Pipeline(kernel.out).compile_to_module(kernel.arguments, symbol, target.halide);
  llvm::LLVMContext context;
  const std::unique_ptr<llvm::Module> code = Halide::compile_module_to_llvm_module(module, context);
  for (const char* runtime : {"halide_malloc", "halide_do_par_for"}) {
    QATC_CHECK(code->getFunction(runtime) == nullptr, "a kernel that calls " + std::string(runtime));
  }
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
