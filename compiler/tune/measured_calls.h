#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "plan/plan.h"

namespace qatc {

/// A kernel as a network calls it at an image size: what is imitated to measure it.
struct MeasuredCall {
  struct Input {
    int64_t height = 0, width = 0;    // of the part that one band of output rows reads, without its border
    std::array<int64_t, 4> border{};  // pixels around it that may be read: top, left, bottom, right
  };

  int kernel = 0;  // of the plan
  int call = -1;   // through the calls of all stages, whose weights are used; -1: the kernel has none (channel sums)
  bool is_upsampled = false;  // the kernel is the UpsampledConv's; its input has half of the output's sides
  bool runs = true;           // whether the network runs the kernel at this size
  std::vector<Input> inputs;
  int64_t rows = 0, width = 0;  // of the outputs: one band, as many rows as a stage computes at a time
  int64_t pitch = 0;     // pixels from one row to the next of all its tensors, where the rows may be computed as one
                         // (plan/flat_rows.h); 0: they may not. The tuner computes them one by one: its image is wide
  int64_t channels = 0;  // of the outputs, without what pads them
  double pixels = 0;     // outputs for the whole image, of all calls of the kernel that run; or would, if none does
};

/// Every kernel of the plan at an image size, in the plan's order: of its calls that run at that size, or of all where
/// none does, the one with the most output pixels. doubles() (plan/upsampled_conv.h) says which run: a call with an
/// UpsampledConv runs either that, or the resize before it and its own kernel. What does not run at this size does at
/// others.
std::vector<MeasuredCall> measured_calls(const Plan& plan, int64_t height, int64_t width);

}  // namespace qatc
