#include "emit/object.h"

#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>
#include <llvm/Support/raw_ostream.h>

#include "emit/llvm_module.h"
#include "lower/halide_messages.h"
#include "lower/image_kernel.h"
#include "lower/kernel.h"
#include "schedules/templates/autoscheduler.h"
#include "schedules/templates/image_kernel.h"
#include "schedules/templates/schedule_kernel.h"
#include "support/error.h"

namespace qatc {

namespace {

using Writer = void (*)(llvm::Module&, Halide::Internal::LLVMOStream&);

void write(const std::vector<Halide::Func>& outputs, const std::vector<Halide::Argument>& arguments,
           const Target& target, const std::string& symbol, const std::string& path, Writer writer) {
  const Halide::Module module = Halide::Pipeline(outputs).compile_to_module(arguments, symbol, target.halide);
  llvm::LLVMContext context;
  const std::unique_ptr<llvm::Module> code = Halide::compile_module_to_llvm_module(module, context);
  for (const char* runtime : {"halide_malloc", "halide_do_par_for"}) {
    QATC_CHECK(code->getFunction(runtime) == nullptr, "a kernel that calls " + std::string(runtime));
  }
  finish_module(*code, target.isa);
  writer(*code, *Halide::make_raw_fd_ostream(path));
}

void compile(const KernelSpec& spec, const KernelSchedule& schedule, const Target& target, const std::string& symbol,
             const std::string& path, Writer writer) {
  throw_halide_messages();
  LoweredKernel kernel = lower_kernel(spec, schedule, target.isa);
  if (schedule.scheduler == Scheduler::kTemplates) {
    schedule_kernel(kernel, spec, schedule, target.isa);
  } else {
    autoschedule_kernel(kernel, spec, schedule.scheduler, target);
  }
  write(outputs_of(kernel), kernel.arguments, target, symbol, path, writer);
}

void compile(const ImageKernel& kernel, const Target& target, const std::string& symbol, const std::string& path,
             Writer writer) {
  throw_halide_messages();
  LoweredImageKernel lowered = lower_image_kernel(kernel, target.isa);
  schedule_image_kernel(lowered, kernel, target.isa);
  write({lowered.out}, lowered.arguments, target, symbol, path, writer);
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

void compile_image_kernel(const ImageKernel& kernel, const Target& target, const std::string& symbol,
                          const std::string& path) {
  compile(kernel, target, symbol, path, Halide::compile_llvm_module_to_object);
}

void compile_image_kernel_assembly(const ImageKernel& kernel, const Target& target, const std::string& symbol,
                                   const std::string& path) {
  compile(kernel, target, symbol, path, Halide::compile_llvm_module_to_assembly);
}

}  // namespace qatc
