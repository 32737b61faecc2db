#include "lower/intrinsics.h"

#include "lower/buffer.h"
#include "plan/kernel.h"

namespace qatc {

namespace {

using Halide::cast;
using Halide::Expr;
using Halide::strict_float;

// Adding 1.5 * 2^(mantissa bits) leaves round-half-even(v) in the low bits of the sum's representation.
constexpr float kRoundFloat = 12582912.0F;
constexpr double kRoundDouble = 6755399441055744.0;

Expr intrinsic(const Halide::Type& type, const std::string& name, const std::vector<Expr>& arguments) {
  return Halide::Internal::Call::make(type, name, arguments, Halide::Internal::Call::PureExtern);
}

bool is_double(const Expr& value) { return value.type().bits() == 64; }

}  // namespace

Expr lookup(const Expr& index, const Expr& table) { return intrinsic(Halide::UInt(8), "qatc_lookup", {table, index}); }

Expr round_to_storage(Expr value, const Expr& zero_point, bool clamp, Isa isa) {
  if (clamp) {
    // Saturation to 8 bits follows, so clamping here changes nothing.
    const Expr limit = Halide::Internal::make_const(value.type(), kInt16Range);
    value = Halide::min(Halide::max(value, -limit), limit);
  }
  if (!is_arm(isa)) {
    return intrinsic(Halide::UInt(8), is_double(value) ? "qatc_round_double" : "qatc_round",
                     {cast<int16_t>(zero_point), value});
  }
  Expr rounded;
  if (is_double(value)) {
    rounded = cast<int16_t>(Halide::reinterpret<int64_t>(strict_float(value + Expr(kRoundDouble))));
  } else {
    rounded = cast<int16_t>(Halide::reinterpret<int32_t>(strict_float(value + Expr(kRoundFloat))));
  }
  // Where Halide 14 keeps saturating_add; later ones have it in Halide.
  using namespace Halide::Internal;  // NOLINT(google-build-using-namespace)
  const Expr sum = saturating_add(rounded, cast<int16_t>(zero_point));
  return Halide::saturating_cast(storage_type(isa), sum);
}

Expr round_between(const FloatBounds& bounds, const Expr& value, const Expr& zero_point, Isa isa) {
  return intrinsic(storage_type(isa), "qatc_round_between",
                   {cast<int16_t>(zero_point), bounds.x, bounds.factor, bounds.low, bounds.high, value});
}

Expr quotient(const Expr& value, const Expr& divisor, Isa isa) {
  if (!has_fast_quotient(isa)) return strict_float(value / divisor);
  return intrinsic(value.type(), is_double(value) ? "qatc_quotient_double" : "qatc_quotient", {divisor, value});
}

Expr pixel_word(int word, int words, const Expr& address, const Expr& byte) {
  const std::string name = "qatc_pixel_word" + std::to_string(word) + "of" + std::to_string(words);
  return intrinsic(Halide::UInt(8), name, {address, byte});
}

}  // namespace qatc
