#include "lower/image_rows.h"

#include "lower/intrinsics.h"

namespace qatc {

using Halide::Expr;
using Halide::Func;
using Halide::ImageParam;
using Halide::Var;
using Kind = KernelArgument::Kind;

LoweredImageRows lower_image_rows(const KernelSpec& spec, Isa isa, const KernelParams& params) {
  LoweredImageRows lowered;
  const ImageParam pixels = params.image({Kind::kPixels});
  const Expr reversed = params.scalar({Kind::kPixelsReversed}) != 0;
  const auto stored = static_cast<int>(spec.inputs.front());
  const auto channels = static_cast<int>(spec.image_channels);
  Var value("value"), byte("byte"), y("y");
  lowered.side_by_side = Func("side_by_side");
  // Of a type that nothing in the tiles has: else Halide would have them use its memory after it, and LLVM keep them there
  // instead of in registers.
  const Halide::Type type = is_arm(isa) ? Halide::UInt(16) : Halide::Int(8);
  lowered.side_by_side(value, y) = Halide::cast(type, pixels(value, y));
  const Expr first = byte / stored * channels;
  const Expr channel = Halide::min(byte % stored, channels - 1);
  const Expr pixel = Halide::select(reversed, lowered.side_by_side(first + channels - 1 - channel, y),
                                    lowered.side_by_side(first + channel, y));
  const Expr code = lookup(Halide::cast<uint8_t>(pixel), params.scalar({Kind::kPixelTable}));
  lowered.codes = Func("codes");
  lowered.codes(byte, y) = Halide::reinterpret(storage_type(isa), code);
  bound_rows(lowered.codes, stored);
  const Halide::OutputImageParam buffer = lowered.codes.output_buffer();
  lowered.codes.bound(byte, 0, buffer.dim(0).extent()).bound(y, buffer.dim(1).min(), buffer.dim(1).extent());
  lowered.in_order = !reversed;
  return lowered;
}

}  // namespace qatc
