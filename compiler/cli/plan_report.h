#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "plan/plan.h"

namespace qatc {

// What `qatc inspect` says about a plan, before it becomes text or JSON.

/// One call of a kernel, or a step that the driver does itself.
struct CallReport {
  int stage = 0;
  std::string does;       // e.g. `conv 3x3 stride 2, lookup x3, mul`, or `load image`
  int kernel = -1;        // calls with the same number share one function
  std::string signature;  // of the kernel
  std::vector<std::string> reads, writes;
  std::vector<Origin> origins;  // the ONNX nodes that were fused into it, each once
  int upsampled_kernel = -1;    // in place of it and the resize before it, where that doubles both sides
};

/// A tensor that exists in full between stages, although a producer and a reader in one kernel or stage would need only
/// some rows of it.
struct KeptTensorReport {
  std::string name, shape;
  int written = 0, last_read = 0;  // stages
  std::string reason;              // why its readers are not fused with its producer, as far as the plan tells
};

struct AliveBlock {
  std::string what;
  int64_t bytes = 0;
};

struct MemoryReport {
  int64_t height = 0, width = 0;
  bool is_supported = false;
  int64_t multiply_adds = 0;
  int64_t arena_bytes = 0;
  int peak_stage = 0;             // where most of the arena is in use
  std::vector<AliveBlock> alive;  // there, the largest first
};

struct PlanReport {
  std::string model;
  std::string input, output;  // shapes
  SizeLimits limits{};
  int64_t kernels = 0;  // distinct functions
  double multiply_adds_per_pixel = 0;
  std::vector<CallReport> calls;
  std::vector<KeptTensorReport> kept;
  std::vector<MemoryReport> memory;
};

struct ImageSize {
  int64_t height = 0, width = 0;
};

PlanReport report_plan(const Plan& plan, const std::vector<ImageSize>& sizes);

}  // namespace qatc
