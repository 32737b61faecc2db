#include "lower/pixel_lanes_conv.h"

#include "lower/buffer.h"
#include "lower/conv.h"
#include "lower/elementwise.h"
#include "lower/intrinsics.h"
#include "lower/steps.h"
#include "schedules/conv_layout.h"

namespace qatc {

namespace {

using Halide::cast;
using Halide::Expr;
using Halide::Func;
using Halide::ImageParam;
using Halide::RDom;
using Halide::Var;
using Kind = KernelArgument::Kind;

constexpr int kWord = 4;  // bytes that one product takes of a pixel

/// Adds the update of `kernel.out` that computes `count` tiles a row, of rows of `width` columns, and fills
/// kernel.pixel_tiles.
void lower_pixel_tiles(LoweredKernel& kernel, const KernelSpec& spec, const KernelSchedule& schedule, Isa isa,
                       const KernelParams& params, const Expr& width, const Expr& count) {
  const KernelConv& conv = spec.convs.front();
  const int input = conv.inputs.front();
  const auto pixels = static_cast<int>(schedule.pixels);
  const auto in_channels = static_cast<int>(spec.inputs[static_cast<size_t>(input)]);
  const auto out_channels = static_cast<int>(spec.out_channels);
  const KernelInput in = params.input(input);
  const ImageParam filter = params.image({Kind::kFilter, 0, 0});
  const ConvLayout layout = widest_conv_layout(isa, conv_lanes(spec, conv, isa));
  const int64_t block = filter_block(spec, schedule, conv, isa);
  const Var& c = kernel.c;
  const Var& y = kernel.y;
  Var u("u"), t("t");  // pixel u of tile t
  const Expr begin = Halide::min(t * pixels, width - pixels);

  LoweredPixelTiles tiles;
  Var byte("byte"), word("word"), in_y("in_y");
  tiles.words = Func("words");
  const Expr address = in.address((begin - static_cast<int>(conv.pad[1])) * in_channels, in_y);
  const int pixel_words = in_channels / kWord;
  std::vector<Expr> words;
  words.reserve(static_cast<size_t>(pixel_words));
  for (int w = 0; w < pixel_words; ++w) words.push_back(pixel_word(w, pixel_words, address, byte));
  tiles.words(byte, word, in_y, t) = Halide::mux(word, words);

  const auto stride = static_cast<int>(digit_stride(spec, conv, isa));
  Var digit("digit"), filter_c("filter_c");
  const RDom r(0, kWord, 0, pixel_words, 0, static_cast<int>(conv.kernel[1]), 0, static_cast<int>(conv.kernel[0]),
               "taps");
  tiles.taps = r;
  tiles.sums = Func("pixel_sums");
  const Expr lane = digit * stride + filter_c;
  tiles.sums(u, filter_c, digit, t, y) = params.image({Kind::kCorrection, 0})(lane);
  const Expr value = tiles.words((u + r.z) * kWord + r.x, r.y, y + r.w - static_cast<int>(conv.pad[0]), t);
  const Expr weight = filter_at(filter, layout, block, lane, r.z * in_channels + r.y * kWord + r.x, 0, r.w);
  tiles.sums(u, filter_c, digit, t, y) += cast<int32_t>(value) * cast<int32_t>(weight);

  Func accumulator("pixel_accumulator");
  Var l("lane");
  accumulator(l, u, t, y) = tiles.sums(u, l % stride, l / stride, t, y);
  const LoweredSteps steps = lower_steps(spec, isa, params, {accumulator}, {c, begin + u, y, {u, t, y}, true});
  tiles.tile_steps = steps.tile_steps;

  // Never computed on its own: puts the tiles' domain in the place of the variables.
  Func tile("tile");
  tile(c, u, t, y) = {begin + u, steps.values[static_cast<size_t>(spec.outputs.front())]};
  tiles.bytes = RDom(0, pixels * out_channels, 0, count, "tiles");
  const Expr at_c = tiles.bytes.x % out_channels;
  const Halide::FuncRef at = tile(at_c, tiles.bytes.x / out_channels, tiles.bytes.y, y);
  kernel.out(at_c, at[0], y) = at[1];
  kernel.pixel_tiles = tiles;
}

}  // namespace

LoweredKernel lower_pixel_lanes_conv(const KernelSpec& spec, const KernelSchedule& schedule, Isa isa,
                                     const KernelParams& params) {
  LoweredKernel kernel;
  kernel.convs.push_back(lower_conv(spec, 0, schedule, isa, params, kernel.x, kernel.y));
  const Expr result = lower_pixel_steps(kernel, spec, isa, params).front();
  define_output(kernel, spec, {Halide::undef(result.type())});
  const Expr width = kernel.out.output_buffer().dim(1).extent();
  const auto pixels = static_cast<int>(schedule.pixels);
  const Expr is_wide = width >= pixels;
  lower_pixel_tiles(kernel, spec, schedule, isa, params, width,
                    Halide::select(is_wide, (width + pixels - 1) / pixels, 0));
  const RDom& narrow = kernel.pixel_tiles->narrow = RDom(0, Halide::select(is_wide, 0, width), "narrow");
  // Never computed on its own: puts the domain in the place of the variable.
  Func pixel("pixel");
  pixel(kernel.c, kernel.x, kernel.y) = result;
  kernel.out(kernel.c, narrow, kernel.y) = pixel(kernel.c, narrow, kernel.y);
  return kernel;
}

}  // namespace qatc
