#include "schedules/templates/matrix_conv.h"

namespace qatc {

namespace {

using Halide::Func;
using Halide::MemoryType;
using Halide::RVar;
using Halide::Stage;
using Halide::TailStrategy;
using Halide::Var;

/// Words whose products are one iteration of the innermost loop. Never all of a conv's: of code without a loop LLVM
/// keeps more alive than there are registers.
int unrolled_words(const Halide::RDom& taps) {
  const auto extent = [&](int dimension) { return *Halide::Internal::as_const_int(taps[dimension].extent()); };
  const bool is_loop = extent(1) * extent(2) > 1;
  for (int unrolled = 4; unrolled > 2; --unrolled) {
    if (extent(0) % unrolled == 0 && (is_loop || extent(0) > unrolled)) return unrolled;
  }
  return 2;
}

void schedule_sums(LoweredConv& conv, const Func& out, const Var& co) {
  Func& sums = conv.accumulator;
  const Var lane = sums.args()[0];
  const Var pair = sums.args()[1];
  sums.compute_at(out, co).store_in(MemoryType::Stack).vectorize(lane, 2).unroll(lane).unroll(pair);
  for (size_t i = 0; i < conv.taps.size(); ++i) {
    const Halide::RDom& r = conv.taps[i];
    Stage update = sums.update(static_cast<int>(i));
    Var lo("lo");
    RVar word("word"), unrolled("unrolled");
    update.split(lane, lo, lane, 2).split(r.x, word, unrolled, unrolled_words(r), TailStrategy::GuardWithIf);
    update.reorder({lane, pair, lo, unrolled, word, r.y, r.z});
    update.vectorize(lane).unroll(lo).unroll(pair).unroll(unrolled);
  }
}

void schedule_operand(const PackedOperand& operand, const Func& out, const RVar& tile) {
  Func func = operand.func;
  const std::vector<Var> in = func.args();
  const Var& pixel = in[0];
  const Var& word = in[1];
  func.compute_at(out, tile).store_in(MemoryType::Stack).bound(pixel, 0, 2).unroll(pixel);
  if (operand.vector > 1) {
    // Vectors of both pixels, stored in turn, become one interleaved store.
    Var lane("lane");
    func.split(word, word, lane, static_cast<int>(operand.vector)).reorder({lane, pixel, word}).vectorize(lane);
  } else {
    func.unroll(word);
  }
}

}  // namespace

void schedule_matrix_conv(LoweredKernel& kernel, const KernelSchedule& schedule) {
  const auto channels = static_cast<int>(schedule.channels);
  kernel.out.compute_root();
  for (size_t i = 0; i < kernel.tiles.size(); ++i) {
    LoweredTiles& tiles = kernel.tiles[i];
    const Var co("co" + std::to_string(i));
    const RVar half(tiles.tiles.x), pair(tiles.tiles.y), tile(tiles.tiles.z);
    Stage update = kernel.out.update(static_cast<int>(i));
    update.split(kernel.c, co, kernel.c, channels, TailStrategy::RoundUp)
        .reorder({kernel.c, half, pair, co, tile, kernel.out.args().back()})
        .vectorize(kernel.c)
        .unroll(half);
    for (Func& f : tiles.stored_sums) {
      const Var lane = f.args()[0];
      f.compute_at(kernel.out, co).store_in(MemoryType::Stack).vectorize(lane, 2).unroll(lane).unroll(f.args()[1]);
    }
    for (const PackedOperand& operand : tiles.operands) schedule_operand(operand, kernel.out, tile);
    for (LoweredConv& conv : tiles.convs) schedule_sums(conv, kernel.out, co);
    for (TileStep& step : tiles.tile_steps) {
      step.func.compute_at(kernel.out, co).store_in(MemoryType::Stack).bound_extent(kernel.c, channels * step.groups);
      step.func.vectorize(kernel.c).unroll(step.func.args()[1]);
    }
  }
}

}  // namespace qatc
