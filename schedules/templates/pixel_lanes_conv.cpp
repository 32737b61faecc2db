#include "schedules/templates/pixel_lanes_conv.h"

#include "schedules/pixel_lanes.h"
#include "schedules/templates/conv.h"
#include "schedules/templates/tiles.h"

namespace qatc {

namespace {

using Halide::Func;
using Halide::MemoryType;
using Halide::RVar;
using Halide::TailStrategy;
using Halide::Var;

constexpr int kLanes = 16;  // pixels of a vector

void schedule_pixel_tiles(LoweredKernel& kernel, const KernelSpec& spec, const KernelSchedule& schedule, Isa isa) {
  const KernelConv& conv = spec.convs.front();
  LoweredPixelTiles& tiles = *kernel.pixel_tiles;
  const auto bytes = static_cast<int>(byte_vector(isa));
  const auto channels = static_cast<int>(schedule.channels);
  const RVar byte(tiles.bytes.x), tile(tiles.bytes.y);
  RVar bytes_outer("bytes_outer");
  // Rows within a tile: the words of a row are transposed once for the rows of taps that read them.
  Var row("row");
  kernel.out.update(0)
      .rename(kernel.y, row)
      .split(byte, bytes_outer, byte, bytes)
      .reorder({byte, bytes_outer, row, tile})
      .allow_race_conditions()  // tiles that share pixels compute the same
      .vectorize(byte)
      .unroll(bytes_outer);

  Func& words = tiles.words;
  const Var word_byte = words.args()[0], word = words.args()[1], in_y = words.args()[2];
  Var vector("vector");
  words.store_at(kernel.out, tile).compute_at(kernel.out, row).store_in(MemoryType::Stack);
  words.bound(word, 0, tiles.taps.y.extent()).align_storage(word_byte, bytes);
  words.split(word_byte, vector, word_byte, bytes, TailStrategy::ShiftInwards)
      .reorder({word_byte, word, vector, in_y})
      .vectorize(word_byte)
      .unroll(word)
      .unroll(vector);
  words.fold_storage(in_y, static_cast<int>(transposed_rows(conv)));

  Func& sums = tiles.sums;
  const Var u = sums.args()[0], c = sums.args()[1], digit = sums.args()[2];
  Var uo("uo");
  sums.compute_at(kernel.out, row).store_in(MemoryType::Stack);
  sums.bound(c, 0, static_cast<int>(conv.filters)).bound(digit, 0, conv.digits);
  sums.vectorize(u, kLanes).unroll(u).unroll(c).unroll(digit);
  const Halide::RDom& r = tiles.taps;
  sums.update()
      .split(u, uo, u, kLanes)
      .reorder({r.x, u, uo, c, digit, r.z, r.y, r.w})
      .vectorize(u)
      .atomic()
      .vectorize(r.x)
      .unroll(uo)
      .unroll(c)
      .unroll(digit)
      .unroll(r.z);

  for (TileStep& step : tiles.tile_steps) {
    Func& func = step.func;
    const Var pixel = func.args()[1];
    func.compute_at(kernel.out, row).store_in(MemoryType::Stack).bound_extent(kernel.c, channels);
    if (step.by_channel) {
      func.reorder(pixel, kernel.c).vectorize(pixel, kLanes).unroll(pixel).unroll(kernel.c);
      if (func.value().type().bits() > 8) func.reorder_storage(pixel, kernel.c);
    } else {
      Var lane("lane"), lanes("lanes");
      func.fuse(kernel.c, pixel, lane).split(lane, lanes, lane, bytes).vectorize(lane).unroll(lanes);
    }
  }
}

}  // namespace

void schedule_pixel_lanes_conv(LoweredKernel& kernel, const KernelSpec& spec, const KernelSchedule& schedule, Isa isa) {
  kernel.out.compute_root();
  schedule_pixel_tiles(kernel, spec, schedule, isa);
  const auto channels = static_cast<int>(schedule.channels);
  Var co("co"), xo("xo");
  kernel.out.update(1)
      .split(kernel.c, co, kernel.c, channels, TailStrategy::RoundUp)
      .reorder({kernel.c, co, RVar(kernel.pixel_tiles->narrow.x), kernel.y})
      .vectorize(kernel.c);
  schedule_conv(kernel.convs.front(), spec.convs.front(), spec, kernel, schedule, co, xo, isa);
  schedule_tile_steps(kernel, co, channels, {});
}

}  // namespace qatc
