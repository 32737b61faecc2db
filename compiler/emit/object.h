#pragma once

#include <string>

#include "lower/target.h"
#include "plan/image.h"
#include "plan/kernel.h"
#include "schedules/kernel_schedule.h"

namespace qatc {

/// Lowers, schedules and compiles one kernel into the object file `path`, as C function `symbol`. Throws InternalError
/// when Halide refuses or warns: neither is the user's doing.
void compile_kernel(const KernelSpec& spec, const KernelSchedule& schedule, const Target& target,
                    const std::string& symbol, const std::string& path);

/// The assembly of the same, for people and tests.
void compile_kernel_assembly(const KernelSpec& spec, const KernelSchedule& schedule, const Target& target,
                             const std::string& symbol, const std::string& path);

/// The same for a kernel that moves rows of images.
void compile_image_kernel(const ImageKernel& kernel, const Target& target, const std::string& symbol,
                          const std::string& path);
void compile_image_kernel_assembly(const ImageKernel& kernel, const Target& target, const std::string& symbol,
                                   const std::string& path);

}  // namespace qatc
