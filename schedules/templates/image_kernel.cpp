#include "schedules/templates/image_kernel.h"

namespace qatc {

namespace {

using Halide::Func;
using Halide::MemoryType;
using Halide::TailStrategy;
using Halide::Var;

/// Vectors across pixels, one for each channel, which are interleaved where the channels lie side by side.
void vectorize(LoweredImageKernel& lowered, int channels, int pixels) {
  const Var& c = lowered.c;
  const Var& x = lowered.x;
  Func& out = lowered.out;
  Var xo("xo");
  Halide::Stage tiles =
      out.specialize(out.output_buffer().dim(1).extent() >= pixels).split(x, xo, x, pixels, TailStrategy::ShiftInwards);
  if (lowered.values.defined()) {
    // Nothing may be written between the pixels: one after the other.
    tiles.reorder(c, x, xo).unroll(c).unroll(x, 4);
    lowered.values.compute_at(out, xo).store_in(MemoryType::Stack).bound(c, 0, lowered.pixel_values);
    lowered.values.vectorize(x, pixels, TailStrategy::GuardWithIf).unroll(c);
  } else {
    tiles.reorder(x, c, xo).vectorize(x).unroll(c);
  }
  out.bound(c, 0, channels).split(x, xo, x, 1).reorder(x, c, xo).unroll(x).unroll(c);
  if (!lowered.side_by_side.defined()) return;
  Func& row = lowered.side_by_side;
  const Var value = row.args()[0];
  row.compute_at(out, xo).store_in(MemoryType::Stack).align_bounds(value, lowered.pixel_values);
  row.vectorize(value, pixels / row.output_types()[0].bytes(), TailStrategy::GuardWithIf);
}

}  // namespace

void schedule_image_kernel(LoweredImageKernel& lowered, const ImageKernel& kernel, Isa isa) {
  const auto channels = static_cast<int>(kernel.stores ? kernel.channels : storage_channels(kernel.channels));
  if (kernel.is_real || has_fast_lookup(isa)) {
    vectorize(lowered, channels, static_cast<int>(byte_vector(isa)));
  } else {
    lowered.out.bound(lowered.c, 0, channels).reorder(lowered.c, lowered.x).unroll(lowered.c);
    lowered.out.specialize(lowered.in_order);
  }
}

}  // namespace qatc
