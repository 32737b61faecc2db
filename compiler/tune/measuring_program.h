#pragma once

#include <string>
#include <vector>

#include "lower/target.h"
#include "plan/plan.h"
#include "schedules/kernel_schedule.h"
#include "tune/measured_calls.h"

namespace qatc {

/// One schedule of the kernel: its compiled code, whose symbol is `symbol`.
struct MeasuredCandidate {
  KernelSchedule schedule;
  std::string symbol;
  std::string object;  // path
};

/// Compiles and links a program (compiler/tune/measure_kernel.c) that runs `candidates` on one set of random tensors
/// with the call's own weights, and compares and times them against the first. `plan`: of tiles. `scratch`: an empty folder for its
/// parts. Throws UserError when `compiler` cannot build it.
void build_measuring_program(const Plan& plan, const MeasuredCall& call,
                             const std::vector<MeasuredCandidate>& candidates, const Target& target,
                             const std::vector<std::string>& compiler, const std::string& scratch,
                             const std::string& program);

}  // namespace qatc
