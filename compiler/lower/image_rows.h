#pragma once

#include "lower/buffer.h"
#include "lower/kernel.h"

namespace qatc {

/// Rows of the caller's interleaved 8-bit image as a kernel's input, (byte of the row, y): each byte's code by kPixelTable,
/// channels in the graph's order. What pads a pixel repeats its last channel, and meets zeros of the filters. Rows are
/// computed as argument kCodes bounds them; what the kernel reads of rows before was stored by earlier calls.
LoweredImageRows lower_image_rows(const KernelSpec& spec, Isa isa, const KernelParams& params);

}  // namespace qatc
