#pragma once

#include <Halide.h>

#include <vector>

#include "plan/image.h"
#include "schedules/isa.h"

namespace qatc {

/// The algorithm of a kernel over one row of pixels, unscheduled.
struct LoweredImageKernel {
  Halide::Var c{"c"}, x{"x"};
  std::vector<Halide::Argument> arguments;  // see lower_image_kernel, without the last
  Halide::Func side_by_side;                // what is read of an interleaved row: (value)
  int pixel_values = 0;                     // from pixel to pixel in it
  Halide::Func values;                      // what is written where pixels have gaps: (c, x)
  Halide::Expr in_order;                    // whether the channels of interleaved pixels are not reversed
  Halide::Func out;                         // (c, x)
};

/// Loads have the C type qatc_load_kernel, stores qatc_store_kernel (qatc_driver_support.h). Both buffers are (channel,
/// pixel): stored tensors with storage_channels, images with their own.
LoweredImageKernel lower_image_kernel(const ImageKernel& kernel, Isa isa);

}  // namespace qatc
