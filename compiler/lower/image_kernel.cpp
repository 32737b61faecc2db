#include "lower/image_kernel.h"

#include "lower/buffer.h"
#include "lower/intrinsics.h"
#include "support/error.h"

namespace qatc {

namespace {

using Halide::cast;
using Halide::Expr;
using Halide::Func;
using Halide::ImageParam;
using Halide::Param;
using Halide::strict_float;
using Layout = ImageKernel::Layout;

/// The largest quotient by the scale that is told from larger ones: any beyond 255 saturates, whatever the zero point.
constexpr float kLargestStep = 512;
/// The bits of infinity, shifted by one.
constexpr uint32_t kInfinityTwice = 0xFF000000U;

/// The formula of quantize_input and round_to_quantized (ops/requantize.h). To clamp before the division changes
/// nothing that is not clamped after it, and leaves a quotient that rounds in int16.
Expr quantize(const Expr& x, const Expr& scale, const Expr& zero_point, Rounding rounding, Isa isa) {
  const Expr limit = cast<float>(scale) * kLargestStep;
  // NaN is 0. Told from numbers by its bits, all but the sign: Halide compares floats as if there were none.
  const Expr bits = Halide::reinterpret<uint32_t>(x);
  const Expr number = Halide::reinterpret<float>(Halide::select((bits << 1) > Expr(kInfinityTwice), Expr(0U), bits));
  const Expr clamped = strict_float(Halide::max(Halide::min(number, limit), -limit));
  const bool exact = rounding == Rounding::kExact;
  const Expr steps = exact ? quotient(cast<double>(clamped), scale, isa) : quotient(clamped, cast<float>(scale), isa);
  return round_to_storage(steps, zero_point, false, isa);
}

/// The row that is read, as whole pixels side by side in memory of the kernel's own, from which a vector of every n-th
/// value is a few loads and shuffles. Out of the caller's memory it would be read with care, not one value too many.
Func side_by_side(const ImageParam& row) {
  Halide::Var value("value");
  Func func("side_by_side");
  func(value) = row(value);
  return func;
}

LoweredImageKernel lower_load(const ImageKernel& kernel, Isa isa) {
  LoweredImageKernel lowered;
  const bool is_planar = kernel.layout == Layout::kPlanar;
  const Halide::Type type = kernel.is_real ? Halide::Type(Halide::Float(32)) : Halide::Type(Halide::UInt(8));
  const Param<int32_t> reversed("reversed"), zero_point("zero_point");
  const Param<uint64_t> table("table");
  const Param<double> scale("scale");
  const auto channels = static_cast<int>(kernel.channels);
  Expr value;
  ImageParam image(type, is_planar ? 2 : 1, "image");
  if (is_planar) {
    image.dim(0).set_min(0).set_stride(Expr());
    image.dim(1).set_min(0).set_stride(1);
    value = image(lowered.c, lowered.x);
  } else {
    image.dim(0).set_min(0).set_stride(1);
    lowered.pixel_values = channels + (kernel.layout == Layout::kPadded ? 1 : 0);
    lowered.side_by_side = side_by_side(image);
    const Expr first = lowered.x * lowered.pixel_values;
    // No value of other pixels for the channels that the image does not have.
    const Expr channel = Halide::min(lowered.c, channels - 1);
    value = Halide::select(reversed != 0, lowered.side_by_side(first + channels - 1 - channel),
                           lowered.side_by_side(first + channel));
  }
  const Halide::Type storage = storage_type(isa);
  value = kernel.is_real ? quantize(value, scale, zero_point, kernel.rounding, isa)
                         : Halide::reinterpret(storage, lookup(value, table));
  lowered.out = Func("out");
  lowered.out(lowered.c, lowered.x) = Halide::select(lowered.c < channels, value, cast(storage, zero_point));
  const auto stored = static_cast<int>(storage_channels(kernel.channels));
  Halide::OutputImageParam tensor = lowered.out.output_buffer();
  tensor.dim(0).set_bounds(0, stored).set_stride(1);
  tensor.dim(1).set_min(0).set_stride(stored);
  lowered.in_order = reversed == 0;
  lowered.arguments = {image, reversed, table, scale, zero_point};
  return lowered;
}

LoweredImageKernel lower_store(const ImageKernel& kernel, Isa isa) {
  LoweredImageKernel lowered;
  const Param<int32_t> reversed("reversed"), zero_point("zero_point");
  const Param<uint64_t> table("table");
  const Param<float> scale("scale"), low("low"), high("high");
  const auto channels = static_cast<int>(kernel.channels);
  ImageParam tensor(storage_type(isa), 1, "tensor");
  tensor.dim(0).set_min(0).set_stride(1);
  lowered.pixel_values = static_cast<int>(storage_channels(kernel.channels));
  lowered.side_by_side = side_by_side(tensor);
  const Expr first = lowered.x * lowered.pixel_values;
  const Expr channel = Halide::min(lowered.c, channels - 1);
  Expr code = lowered.side_by_side(first + channel);
  const bool is_planar = kernel.layout == Layout::kPlanar;
  if (!is_planar) code = Halide::select(reversed != 0, lowered.side_by_side(first + channels - 1 - channel), code);
  lowered.out = Func("out");
  Expr value;
  if (kernel.is_real) {
    const Expr steps = cast<float>(cast<int32_t>(cast<int16_t>(code) - cast<int16_t>(zero_point)));
    const Expr real = strict_float(steps * scale);
    value = Halide::min(Halide::max(real, low), high);
  } else {
    value = lookup(Halide::reinterpret(Halide::UInt(8), code), table);
  }
  if (kernel.layout == Layout::kPadded) {
    lowered.values = Func("values");
    lowered.values(lowered.c, lowered.x) = value;
    value = lowered.values(lowered.c, lowered.x);
  }
  lowered.out(lowered.c, lowered.x) = value;
  Halide::OutputImageParam image = lowered.out.output_buffer();
  image.dim(0).set_bounds(0, channels).set_stride(is_planar ? Expr() : Expr(1));
  image.dim(1).set_min(0).set_stride(is_planar ? 1 : channels + (kernel.layout == Layout::kPadded ? 1 : 0));
  lowered.in_order = reversed == 0;
  lowered.arguments = {tensor, reversed, table, zero_point, scale, low, high};
  return lowered;
}

}  // namespace

LoweredImageKernel lower_image_kernel(const ImageKernel& kernel, Isa isa) {
  return kernel.stores ? lower_store(kernel, isa) : lower_load(kernel, isa);
}

}  // namespace qatc
