#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "plan/plan.h"

namespace qatc {

// A 3x3 convolution of an image that a nearest resize has doubled is four 2x2 convolutions of the image itself, one for
// each phase of the result (even or odd row, even or odd column): its polyphase decomposition (P. P. Vaidyanathan,
// Multirate Systems and Filter Banks, 1993). Along an axis, two of the three taps meet in one pixel and the third one is
// alone in the pixel before (even) or after (odd). Taps that meet are one tap whose weight is their sum. Sums of two or
// four 8-bit weights need up to ten bits, so they are spread over several 8-bit filters that read the same pixels: about
// seven products instead of nine, and no doubled image. Integers are added, so the result is the same.

/// 2 * row + column, each 0: even or 1: odd.
inline constexpr int kPhases = 4;

/// Where a phase (0: even, 1: odd) begins to read along an axis, in pixels from the one that the result's lies in.
int64_t phase_offset(PhaseTaps taps, int phase);

/// Values of filter `index` of `filters` in the phase of (row, column): (output, row, column, channel),
/// its `channels` with zeros for padding.
std::vector<int32_t> phase_filter(const Graph& graph, const Node& conv, const std::vector<PhaseFilter>& filters,
                                  size_t index, std::array<int, 2> phase);

/// Whether a call with a Polyphase computes phases at an image size, in place of its resize and of its own kernel.
bool doubles(const Plan& plan, const Polyphase& polyphase, int64_t height, int64_t width);

/// Gives every convolution that reads a doubled image from a window of its own stage a kernel that computes phases, for
/// image sizes at which the resize doubles both sides.
void add_polyphase(Plan& plan);

}  // namespace qatc
