#pragma once

#include <cstdint>

#include "plan/kernel.h"
#include "schedules/isa.h"
#include "schedules/kernel_schedule.h"

namespace qatc {

// How convs and their filters lie in vectors.

/// Of its convs' filters; 1 without convs.
int64_t most_digits(const KernelSpec& spec);

/// Digit d of channel c is lane d * digit_stride + c. On ARM64 without i8mm only channels with filters get lanes, which
/// saves some where vectors are short; elsewhere padding channels do too.
int64_t digit_stride(const KernelSpec& spec, const KernelConv& conv, Isa isa);

/// Whether a kernel's convs have lanes behind its channels, up to whole vectors. One tile has all channels then.
/// AVX-512 only: LLVM packs part-filled accumulators together and unpacks them for every product.
bool pads_lanes(const KernelSpec& spec, Isa isa);

/// Accumulator lanes of a conv: a multiple of 4.
int64_t conv_lanes(const KernelSpec& spec, const KernelConv& conv, Isa isa);

/// How a conv is computed and its filter laid out.
struct ConvLayout {
  int64_t vector = 16;    // int32 lanes of an accumulator
  int64_t registers = 1;  // that hold those: more than one where a register of filter bytes serves them
  int64_t reduction = 4;  // products summed per lane and instruction
  int64_t terms = 1;      // such sums that are added in int16 before they go into the accumulator
  bool wide = false;      // the filter is stored as int16 and the input widened to it
  bool matrix = false;    // has_matrix_products()
};

/// Without a schedule: with the widest vectors that the instruction set is fastest with and that divide `lanes`
/// (conv_lanes).
ConvLayout widest_conv_layout(Isa isa, int64_t lanes);

/// The same with narrower vectors where `schedule` asks for them.
ConvLayout conv_layout(const KernelSpec& spec, const KernelConv& conv, const KernelSchedule& schedule, Isa isa);

/// Instructions' reductions (ConvLayout::reduction) that cover a run; the filter is zero where the last goes beyond it.
int64_t reductions_of(const ConvRuns& runs, const ConvLayout& layout);

/// Lanes whose filter values lie together: those of one tile, so that its loop reads one stream.
int64_t filter_block(const KernelSpec& spec, const KernelSchedule& schedule, const KernelConv& conv, Isa isa);

/// The packed filter of one input of a conv: element (byte % reduction, lane % block, byte / reduction, run, ky, lane /
/// block), innermost first, for a lane and a byte of a run (ConvRuns).
struct FilterShape {
  int64_t reduction, block, reductions, runs, rows, blocks;
};
FilterShape filter_shape(const KernelSpec& spec, const KernelSchedule& schedule, const KernelConv& conv, int input,
                         Isa isa);
int64_t filter_size(const FilterShape& shape);
int64_t filter_place(const FilterShape& shape, int64_t lane, int64_t byte, int64_t run, int64_t ky);

}  // namespace qatc
