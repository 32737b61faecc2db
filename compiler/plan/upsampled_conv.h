#pragma once

#include "plan/plan.h"

namespace qatc {

// A 3x3 convolution of an image that a nearest resize has upsampled needs every product of a weight and a pixel of a
// row for two columns of its result, and most for two of its rows. Here they are computed once: the sums of the three
// columns of taps are kept apart and then added to what each column of the result shows, and of each two rows the taps
// that read the same row of the image are summed before (lower/upsampled_conv.h). Twelve products a channel for four
// results instead of thirty-six, exact since int32 sums may be added in any order, and no upsampled image. At other
// sizes the call runs its own kernel after the resize. It keeps both in every library, since the driver decides at each
// image size: where a resize always doubles, they are never run. Sums of weights, the usual way (sub-pixel convolution,
// W. Shi et al., 2016), would leave 8 bits.

/// Whether a call with an UpsampledConv runs its kernel at an image size, in place of its resize and its own kernel.
bool doubles(const Plan& plan, const UpsampledConv& conv, int64_t height, int64_t width);

/// Gives every convolution that reads an upsampled image from a window of its own stage a kernel that reads the image
/// before the resize, for image sizes at which that doubles both sides.
void add_upsampled_convs(Plan& plan);

}  // namespace qatc
