#pragma once

#include "plan/plan.h"

namespace qatc {

// A 3x3 convolution of an image that a nearest resize has doubled shows every product of a weight and a pixel of the image
// before in two rows and two columns. Of the columns each product is computed once and its sum added to both (the idea of
// S. Winograd's and of sub-pixel convolutions: move additions of inputs or weights, which here would leave 8 bits, behind
// the products, where they are exact in int32): 12 products for four results where 18 would be, and no doubled image.

/// Whether a call with a DoubledConv runs its kernel at an image size, in place of its resize and its own kernel.
bool doubles(const Plan& plan, const DoubledConv& conv, int64_t height, int64_t width);

/// Gives every convolution that reads a doubled image from a window of its own stage a kernel that reads the image before
/// the resize, for image sizes at which that doubles both sides.
void add_doubled_convs(Plan& plan);

}  // namespace qatc
