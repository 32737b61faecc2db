#pragma once

#include <initializer_list>
#include <vector>

#include "plan/kernel.h"
#include "schedules/cores.h"
#include "schedules/isa.h"
#include "schedules/kernel_schedule.h"

namespace qatc {

struct Prediction {
  double cycles = 0;      // an output pixel
  double peak_share = 0;  // the cycles that multiply-adds alone would take / cycles; 0: there are none
};

/// Estimates a kernel from the shape of its tile, without compiling it: per tile, the products, loads and other
/// instructions of the reduction loops, each against what the core does in a cycle, then the epilogue. Made to rank the
/// candidates of one kernel (schedules/candidates.h); the epilogue's share is rough. `schedule` is a candidate.
Prediction predict(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa, const Core& core);

/// How long work takes that needs a core's units for so many cycles each, all at the same time: a little longer than
/// the longest, as the others get in its way. Nothing derives the 4-norm: its exponent was
/// chosen to match measured times of 3x3 convs.
double overlapped(std::initializer_list<double> cycles);

/// Pixels that tiles of `pixels` compute for each of a row: more than 1, since the last tile of a row is shifted
/// inwards. Over rows of usual lengths.
double repeated_pixels(int64_t pixels);

/// Tiles of a schedule for an output pixel, with what they compute twice.
double tiles_per_pixel(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa);

/// For each of several schedules of a kernel, how many times as long it takes as the best of them, on the mean of the
/// cores. `cycles`: by schedule, by core.
std::vector<double> mean_slowness(const std::vector<std::vector<double>>& cycles);

/// Whether two schedules differ in `unroll` only, which predict() knows little of, or not at all.
bool has_same_tile(const KernelSchedule& a, const KernelSchedule& b);

/// The default first, then at most `count` candidates with distinct tiles, fastest first, none predicted slower than
/// `most` times the default. Fastest by predict() on the mean of the instruction set's cores.
std::vector<KernelSchedule> best_predicted(const KernelSpec& spec, Isa isa, int64_t count, double most);

/// The fastest of them all, the default schedule where it is as good.
KernelSchedule predicted_schedule(const KernelSpec& spec, Isa isa);

}  // namespace qatc
