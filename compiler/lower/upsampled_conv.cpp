#include "lower/upsampled_conv.h"

#include "lower/buffer.h"
#include "lower/steps.h"
#include "schedules/conv_layout.h"
#include "support/error.h"

namespace qatc {

namespace {

using Halide::cast;
using Halide::Expr;
using Halide::Func;
using Halide::ImageParam;
using Halide::RDom;
using Halide::Var;
using Kind = KernelArgument::Kind;

class SumsLowering {
 public:
  SumsLowering(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa, const KernelParams& params)
      : channels_(static_cast<int>(spec.inputs.front())),
        layout_(widest_conv_layout(isa, conv_lanes(spec, spec.convs.front(), isa))),
        terms_(terms_of(spec.convs.front(), layout_)),
        block_(filter_block(spec, schedule, spec.convs.front(), isa)),
        in_(params.input(spec.convs.front().inputs.front())),
        filter_(params.image({Kind::kFilter, 0, 0})),
        correction_(params.image({Kind::kCorrection, 0})),
        rows_apart_(Halide::clamp(params.scalar({Kind::kRowsApart, 0}), 0, 2)) {
    // By byte of the row, as in lower/conv.cpp.
    Var byte("byte"), in_y("in_y");
    if (layout_.wide) widened_(byte, in_y) = cast<int16_t>(in_(byte, in_y));
  }

  /// (lane, tap column, place, y)
  LoweredConv shared(const Var& y) const {
    const RDom r(0, channels_ / static_cast<int>(terms_), 0, 2, "first_and_last_taps");
    return lower("shared_sums", {y}, Halide::select(tap_ == 1, correction_(lane_), 0), r, 2 * r.y,
                 y + r.y * rows_apart_);
  }

  /// (lane, tap column, place, row, y)
  LoweredConv of_each_row(const Func& shared_sums, const Var& row, const Var& y) const {
    const RDom r(0, channels_ / static_cast<int>(terms_), "middle_taps");
    return lower("sums", {row, y}, shared_sums(lane_, tap_, place_, y), r, 1, y + Halide::clamp(row, 0, 1));
  }

 private:
  // Rows are clamped, to what they are, so that the part of the image that is widened has a size on the stack.

  /// sums(lane, tap column, place, rows...) of `begin` and the products of taps `ky` with row `in_y` of the image.
  LoweredConv lower(const std::string& name, const std::vector<Var>& rows, const Expr& begin, const RDom& r,
                    const Expr& ky, const Expr& in_y) const {
    LoweredConv lowered;
    Func operand = widened_;
    if (!layout_.wide) {
      // What products by lane load: of one row of the image at a time.
      Var k("k"), column("column"), row("image_row");
      operand = Func("operand");
      operand(k, column, row) = in_(column * channels_ + k, row);
    }
    const Expr column = place_ - Halide::select(tap_ == 0, 1, 0);
    const auto product = [&](const Expr& byte, const Halide::Type& type) {
      const Expr value = layout_.wide ? operand(column * channels_ + byte, in_y) : operand(byte, column, in_y);
      return cast(type, value) * cast(type, filter_at(filter_, layout_, block_, lane_, byte, tap_, ky));
    };
    std::vector<Var> place{lane_, tap_, place_};
    place.insert(place.end(), rows.begin(), rows.end());
    Func sums(name);
    sums(place) = begin;
    sums(place) += sum_of_terms(r.x, terms_, layout_, product);
    lowered.accumulator = sums;
    lowered.taps.push_back(r);
    lowered.operands.push_back(operand);
    return lowered;
  }

  int channels_;
  ConvLayout layout_;
  int64_t terms_, block_;
  KernelInput in_;
  ImageParam filter_, correction_;
  Expr rows_apart_;
  Var lane_{"lane"}, tap_{"tap"}, place_{"place"};
  Func widened_{"operand"};
};

}  // namespace

LoweredKernel lower_upsampled_conv(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa,
                                   const KernelParams& params) {
  QATC_CHECK(spec.convs.size() == 1 && spec.outputs.size() == 1, "an upsampled conv is alone in its kernel");
  LoweredKernel kernel;
  const Var& x = kernel.x;
  const Var& row = kernel.row;
  const Var& y = kernel.y;
  const SumsLowering sums_of(spec, schedule, isa, params);
  kernel.convs.push_back(sums_of.shared(y));
  kernel.convs.push_back(sums_of.of_each_row(kernel.convs.front().accumulator, row, y));
  const Func& sums = kernel.convs.back().accumulator;
  Func accumulator("accumulator");
  Var lane("lane");
  accumulator(lane, kernel.side, x, row, y) =
      sums(lane, 0, x + kernel.side, row, y) + sums(lane, 1, x, row, y) + sums(lane, 2, x + kernel.side, row, y);
  const Site site{kernel.c, 2 * x + kernel.side, y, {kernel.side, x, row, y}};
  const LoweredSteps steps = lower_steps(spec, isa, params, {accumulator}, site);
  kernel.tile_steps = steps.tile_steps;
  kernel.out = Func("out");
  kernel.out(kernel.c, kernel.side, x, row, y) = steps.values[static_cast<size_t>(spec.outputs.front())];
  bound_pairs(kernel.out, spec.out_channels);
  return kernel;
}

}  // namespace qatc
