#include "schedules/pixel_lanes.h"

#include <algorithm>
#include <array>

namespace qatc {

namespace {

/// Halide 14 takes larger allocations off the stack.
constexpr int64_t kMostStackBytes = 16 * 1024;

constexpr int64_t kVectorPixels = 16;  // of a vector that runs along pixels

/// Of the rows that a tile of `pixels` pixels of `words` words has transposed.
int64_t transposed_bytes(const KernelConv& conv, int64_t words, int64_t pixels) {
  const int64_t vectors = (pixels + conv.kernel[1] - 1 + kVectorPixels - 1) / kVectorPixels;
  return transposed_rows(conv) * words * vectors * kVectorPixels * kChannelAlignment;
}

}  // namespace

int64_t transposed_rows(const KernelConv& conv) {
  int64_t rows = 1;
  while (rows < conv.kernel[0]) rows *= 2;
  return rows;
}

int64_t pixel_lanes(const KernelSpec& spec, Isa isa) {
  constexpr int64_t kFewChannels = 12;
  constexpr std::array<int64_t, 8> kPixelWords{1, 2, 3, 4, 6, 8, 12, 16};  // that intrinsics transpose
  const std::array<int64_t, 2> one{1, 1};
  if (isa != Isa::kX86Vnni || spec.convs.size() != 1 || spec.outputs.size() != 1) return 0;
  const KernelConv& conv = spec.convs.front();
  const bool fits = conv.inputs.size() == 1 && conv.stride == one && conv.dilation == one && !conv.upsampled &&
                    spec.out_channels == spec.out_pixel_stride && spec.out_channels <= kFewChannels;
  if (!fits) return 0;
  const int64_t words = spec.inputs[static_cast<size_t>(conv.inputs[0])] / kChannelAlignment;
  if (std::find(kPixelWords.begin(), kPixelWords.end(), words) == kPixelWords.end()) return 0;
  // The most that registers and the stack hold: products that read the same bytes of the filter are the more, and sums
  // need not wait.
  for (const int64_t pixels : {64, 48, 32}) {
    if (conv.digits * conv.filters * pixels / kVectorPixels <= accumulator_budget(isa) &&
        transposed_bytes(conv, words, pixels) <= kMostStackBytes) {
      return pixels;
    }
  }
  return 0;
}

bool has_pixel_lanes(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa) {
  return schedule.scheduler == Scheduler::kTemplates && schedule.pixels > 0 &&
         schedule.pixels == pixel_lanes(spec, isa);
}

}  // namespace qatc
