#pragma once

#include "lower/image_kernel.h"
#include "schedules/isa.h"

namespace qatc {

/// Schedules a lowered kernel for `isa`: in vectors across pixels, unless it looks bytes up and `isa` is slow at it.
void schedule_image_kernel(LoweredImageKernel& lowered, const ImageKernel& kernel, Isa isa);

}  // namespace qatc
