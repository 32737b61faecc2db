#include "schedules/templates/products.h"

#include <algorithm>

namespace qatc {

using Halide::RVar;
using Halide::TailStrategy;
using Halide::Var;

RVar schedule_products(Halide::Stage update, const Var& lane, const std::vector<Var>& places, const Halide::RDom& r,
                       const ConvLayout& layout, const ProductLoops& loops) {
  Var lo("lo");
  RVar part("part"), rco("rco"), rcu("rcu"), rci("rci"), rcm("rcm");
  const auto length = static_cast<int>(*Halide::Internal::as_const_int(r.x.extent()));
  update.split(r.x, part, rco, length / loops.parts)
      .split(rco, rco, rci, loops.step / loops.terms)
      .split(rci, rcm, rci, static_cast<int>(layout.reduction))
      .split(rco, rco, rcu, loops.steps)
      .split(lane, lo, lane, static_cast<int>(layout.vector));
  // Parts inside of places: the products that read one pixel lie close together.
  std::vector<Halide::VarOrRVar> order{rci, lane, lo, part};
  order.insert(order.end(), places.begin(), places.end());
  order.insert(order.end(), {rcm, rcu, rco});
  for (int dimension = 1; dimension < r.dimensions(); ++dimension) order.emplace_back(r[dimension]);
  update.reorder(order).vectorize(lane).atomic().vectorize(rci).unroll(lo).unroll(part);
  for (const Var& place : places) update.unroll(place);
  update.unroll(rcm).unroll(rcu);
  return rcu;
}

void schedule_widened(Halide::Func operand, const Halide::Func& out, const Var& tile, int channels) {
  operand.compute_at(out, tile)
      .store_in(Halide::MemoryType::Stack)
      .vectorize(operand.args()[0], std::min(16, channels), TailStrategy::GuardWithIf);
}

}  // namespace qatc
