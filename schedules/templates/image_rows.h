#pragma once

#include "lower/kernel.h"
#include "plan/kernel.h"
#include "schedules/isa.h"

namespace qatc {

/// The template of rows that a kernel loads from the caller's image (lower/image_rows.h): all of them before the kernel's
/// tiles, in vectors across pixels as kernels of images alone (schedules/templates/image_kernel.h).
void schedule_image_rows(LoweredImageRows& rows, const KernelSpec& spec, Isa isa);

}  // namespace qatc
