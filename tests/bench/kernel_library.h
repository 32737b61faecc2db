#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kernel_cases.h"
#include "lower/target.h"

namespace qatc::testing {

/// A kernel of a loaded library with arguments of its own, ready to be called again and again.
class BoundKernel {
 public:
  virtual ~BoundKernel() = default;
  /// Computes one band: KernelCase::rows rows.
  virtual void run() const = 0;
  /// Whether run() computes the rows as one long row (plan/flat_rows.h).
  virtual bool is_flat() const { return false; }
  /// As run(), row by row.
  virtual void run_rows_apart() const { run(); }
  /// What one call reads and writes of tensors.
  virtual double bytes() const = 0;
};

/// The kernels of `cases`, compiled for `target`, which must run on this machine, and loaded into this process. Equal
/// specs are compiled once. Weights, scales and pixels are random: no kernel's time depends on them. Kernels live as
/// long as the process. Throws as compile_kernel, and UserError when the target does not fit the machine.
std::vector<std::unique_ptr<BoundKernel>> load_kernels(const std::vector<KernelCase>& cases, const Target& target);

}  // namespace qatc::testing
