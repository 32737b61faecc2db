#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plan/image.h"
#include "plan/plan.h"
#include "tune/measured_calls.h"

namespace qatc::testing {

/// One kernel on tensors of one size, as a network would call it.
struct KernelCase {
  std::string name;
  KernelSpec spec;
  std::optional<ImageKernel> image;  // the kernel, instead of `spec`
  int64_t width = 0, rows = 0;       // of its outputs: one band of an image
  int64_t pitch = 0, channels = 0;   // as MeasuredCall has them
  std::vector<MeasuredCall::Input> inputs;
  double multiply_adds = 0;  // of the graph, per output pixel, without those of padding channels
  double products = 0;       // of bytes, computed for them: of digits more, of upsampled convs less
  double pixels = 0;         // outputs that the whole image takes, over all calls of the kernel
};

/// Every distinct kernel of a plan that runs for an image of this size, at its call that computes most pixels, and those
/// that load and store an 8-bit image.
std::vector<KernelCase> model_cases(const Plan& plan, int64_t height, int64_t width);

/// The ops that image networks are made of, independent of a model, on tensors `width` wide. `all_channels`: every op
/// with every channel count, 3x3 and 1x1 convs with every pair of them; else those that meet in most networks.
std::vector<KernelCase> family_cases(int64_t width, Rounding rounding, bool all_channels);

}  // namespace qatc::testing
