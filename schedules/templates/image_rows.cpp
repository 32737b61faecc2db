#include "schedules/templates/image_rows.h"

namespace qatc {

using Halide::Func;
using Halide::MemoryType;
using Halide::TailStrategy;
using Halide::Var;

void schedule_image_rows(LoweredImageRows& rows, const KernelSpec& spec, Isa isa) {
  Func& codes = rows.codes;
  const auto stored = static_cast<int>(spec.inputs.front());
  const Var byte = codes.args()[0];
  const Var y = codes.args()[1];
  Var c("c"), x("x"), xo("xo");
  codes.compute_root();
  if (!has_fast_lookup(isa)) {
    codes.split(byte, x, c, stored, TailStrategy::RoundUp).reorder(c, x, y).unroll(c);
    codes.specialize(rows.in_order);
    return;
  }
  const auto pixels = static_cast<int>(byte_vector(isa));
  codes.specialize(codes.output_buffer().dim(0).extent() >= pixels * stored)
      .split(byte, x, c, stored, TailStrategy::RoundUp)
      .split(x, xo, x, pixels, TailStrategy::ShiftInwards)
      .reorder(x, c, xo, y)
      .vectorize(x)
      .unroll(c);
  codes.split(byte, x, c, stored, TailStrategy::RoundUp).split(x, xo, x, 1).reorder(x, c, xo, y).unroll(x).unroll(c);
  Func& row = rows.side_by_side;
  const Var value = row.args()[0];
  row.compute_at(codes, xo).store_in(MemoryType::Stack).align_bounds(value, static_cast<int>(spec.image_channels));
  row.vectorize(value, pixels, TailStrategy::GuardWithIf);
}

}  // namespace qatc
