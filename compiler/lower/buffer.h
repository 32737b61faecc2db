#pragma once

#include <Halide.h>

#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "plan/kernel.h"
#include "plan/kernel_argument.h"
#include "schedules/conv_layout.h"
#include "schedules/isa.h"
#include "schedules/kernel_schedule.h"

namespace qatc {

// The one place that knows how NHWC storage looks to Halide. An input is (byte of the row, y): byte x * channels + c of
// row y, so that neighbouring pixels are one run of memory; pixel (0, 0) is at the buffer's host pointer and the border
// is reached through negative coordinates. An output is (c, x, y) with a constant pixel stride. The row stride is the
// driver's. Kernels are compiled without run-time checks, so these declarations are promises of the driver.

/// int8 on ARM64, uint8 on x86-64 (see plan/kernel.h).
Halide::Type storage_type(Isa isa);

/// Reductions that are added in int16 (ConvLayout::terms) where the filter allows it.
int64_t terms_of(const KernelConv& conv, const ConvLayout& layout);

/// An input as kernels read it: what the driver passes, or rows that the kernel has loaded (lower/image_rows.h).
class KernelInput {
 public:
  explicit KernelInput(const Halide::ImageParam& passed);
  explicit KernelInput(const Halide::Func& loaded);

  Halide::Expr operator()(const Halide::Expr& byte, const Halide::Expr& row) const;
  /// The address of a byte of a row as an integer (uint64). Functions that read there are pure to Halide and LLVM, which
  /// may move them out of loops: of rows that the kernel loads, all are stored by loops of their own before (outputs_of).
  Halide::Expr address(const Halide::Expr& byte, const Halide::Expr& row) const;
  /// Pixels of a row; not of rows that were loaded.
  Halide::Expr width(int64_t channels) const;
  Halide::Expr height() const;

 private:
  std::variant<Halide::ImageParam, Halide::Func> rows_;
};

/// filter_place() in a kernel; `block` as filter_block() gives it. Not of matrix products.
Halide::Expr filter_at(const Halide::ImageParam& filter, const ConvLayout& layout, int64_t block,
                       const Halide::Expr& lane, const Halide::Expr& byte, const Halide::Expr& run,
                       const Halide::Expr& ky);

/// What element `r` of a reduction over a run adds to an int32 sum: product(byte, type), or the sum of `terms` of them
/// in int16, a reduction and the ones after it.
Halide::Expr sum_of_terms(
    const Halide::Expr& r, int64_t terms, const ConvLayout& layout,
    const std::function<Halide::Expr(const Halide::Expr& byte, const Halide::Type& type)>& product);

/// The declared parameters of a kernel, found by argument.
class KernelParams {
 public:
  KernelParams(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa);

  Halide::ImageParam image(const KernelArgument& argument) const;
  KernelInput input(int index) const;
  /// Has inputs[0] be what the kernel loads.
  void set_loaded(const Halide::Func& rows) { loaded_ = rows; }
  Halide::Expr scalar(const KernelArgument& argument) const;
  /// In the order of kernel_arguments(spec), without the outputs.
  std::vector<Halide::Argument> arguments() const;

 private:
  /// Halide::Parameter or, in older versions, Halide::Internal::Parameter.
  using Parameter = decltype(std::declval<Halide::ImageParam>().parameter());
  struct Entry {
    std::string name;
    Halide::ImageParam image;
    Parameter scalar;
    bool is_buffer;
  };
  const Entry& find(const KernelArgument& argument) const;
  std::vector<Entry> entries_;
  Halide::Func loaded_;  // undefined where nothing is
};

/// Every output buffer of `out`: (channel, x, y).
void bound_outputs(Halide::Func& out, int64_t channels, int64_t pixel_stride);
/// The output buffer of an upsampled conv: (channel, column of a pair, pair, row of a pair, pair of rows).
void bound_pairs(Halide::Func& out, int64_t channels);
/// As a kernel's input, (byte of the row, y), of pixels of `channels` bytes.
void bound_rows(Halide::Func& rows, int64_t channels);
/// int32 (channel, y), dense.
void bound_sums(Halide::Func& sums, int64_t channels);

}  // namespace qatc
