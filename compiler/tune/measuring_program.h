#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lower/target.h"
#include "plan/plan.h"
#include "schedules/kernel_schedule.h"

namespace qatc {

/// One call of a kernel in a network, at an image size: what a measuring program imitates.
struct MeasuredCall {
  int kernel = 0;             // of the plan
  int call = -1;              // through all stages, whose weights are used; -1: the kernel has none (channel sums)
  bool is_upsampled = false;  // the kernel is the UpsampledConv's; its input has half of the output's sides
  struct Input {
    int64_t height = 0, width = 0;  // of the part that one band of output rows reads, without its border
  };
  std::vector<Input> inputs;
  int64_t rows = 0, width = 0;  // of the outputs: one band
  int64_t channels = 0;         // of the outputs, without what pads them
  double pixels = 0;            // outputs of all calls of the kernel for the whole image
};

/// For every kernel that the plan calls, its call with the most output pixels at an image size.
std::vector<MeasuredCall> measured_calls(const Plan& plan, int64_t height, int64_t width);

/// One schedule of the kernel: its compiled code, whose symbol is `symbol`.
struct MeasuredCandidate {
  KernelSchedule schedule;
  std::string symbol;
  std::string object;  // path
};

/// Compiles and links a program (compiler/tune/measure_kernel.c) that runs `candidates` on one set of random tensors
/// with the call's own weights, and compares and times them against the first. `scratch`: an empty folder for its
/// parts. Throws UserError when `compiler` cannot build it.
void build_measuring_program(const Plan& plan, const MeasuredCall& call,
                             const std::vector<MeasuredCandidate>& candidates, const Target& target,
                             const std::vector<std::string>& compiler, const std::string& scratch,
                             const std::string& program);

}  // namespace qatc
