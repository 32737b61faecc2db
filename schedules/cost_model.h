#pragma once

#include <initializer_list>
#include <string_view>
#include <vector>

#include "schedules/isa.h"
#include "schedules/kernel_schedule.h"

namespace qatc {

/// What a core does in a cycle and how long it takes, as far as it decides between schedules. From the vendors'
/// optimization guides and instruction tables; loop and stream are estimates.
struct Core {
  std::string_view name;      // as LLVM calls it
  double products = 1;        // vector multiply-accumulates (sdot, vpdpbusd, pmaddwd, smull) a cycle
  double simd = 1;            // other vector instructions a cycle
  double loads = 1;           // vector loads a cycle
  double issue = 1;           // instructions a cycle
  double latency = 1;         // cycles between two products into one accumulator
  double loop = 1;            // cycles lost where an inner loop begins and ends
  double stream = 16;         // bytes a cycle from the level-2 cache
  double level1 = 32 * 1024;  // bytes of data cache
};

/// The cores of an instruction set, the one that choices are made for first.
const std::vector<Core>& cores(Isa isa);

struct Prediction {
  double cycles = 0;      // an output pixel
  double peak_share = 0;  // the cycles that multiply-adds alone would take / cycles; 0: there are none
};

/// Estimates a kernel from the shape of its tile, without compiling it: per tile, the products, loads and other
/// instructions of the reduction loops, each against what the core does in a cycle, then the epilogue. Made to rank the
/// candidates of one kernel (schedules/candidates.h); the epilogue's share is rough. `schedule` is a candidate.
Prediction predict(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa, const Core& core);

/// How long work takes that needs a core's units for so many cycles each, all at the same time: a little longer than
/// the longest, as the others get in its way (the 4-norm; its exponent is fitted to measured 3x3 convs).
double overlapped(std::initializer_list<double> cycles);

/// Pixels that tiles of `pixels` compute for each of a row: more than 1, since the last tile of a row is shifted
/// inwards. Over rows of usual lengths.
double repeated_pixels(int64_t pixels);

/// Tiles of a schedule for an output pixel, with what they compute twice.
double tiles_per_pixel(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa);

/// For each of several schedules of a kernel, how many times as long it takes as the best of them, on the mean of the
/// cores. `cycles`: by schedule, by core.
std::vector<double> mean_slowness(const std::vector<std::vector<double>>& cycles);

/// Whether two schedules differ in how often their loops are unrolled at most, which predict() knows little of.
bool has_same_tile(const KernelSchedule& a, const KernelSchedule& b);

/// The default schedule and behind it, best first, candidates with other tiles, each another: at most `count`, those
/// that predict() finds fastest on the mean of the instruction set's cores, and none that takes more than `most` times
/// as long as the default.
std::vector<KernelSchedule> best_predicted(const KernelSpec& spec, Isa isa, int64_t count, double most);

/// The fastest of them all, the default schedule where it is as good.
KernelSchedule predicted_schedule(const KernelSpec& spec, Isa isa);

}  // namespace qatc
