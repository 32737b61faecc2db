#include "schedules/templates/channel_sums.h"

namespace qatc {

using Halide::Func;
using Halide::MemoryType;
using Halide::RVar;
using Halide::Stage;
using Halide::TailStrategy;
using Halide::Var;

void schedule_channel_sums(LoweredKernel& kernel, const KernelSpec& spec, const KernelSchedule& schedule, Isa isa) {
  Func& out = kernel.sums->out;
  Func& sums = kernel.sums->accumulators;
  const Var place = sums.args()[1];
  const auto v = static_cast<int>(channel_sums_vector(isa, spec.out_channels));
  const auto chunk = static_cast<int>(schedule.channels);
  Var co("co");
  out.compute_root().split(kernel.c, co, kernel.c, chunk, TailStrategy::RoundUp).reorder({kernel.c, co, kernel.y});
  out.vectorize(kernel.c, v).unroll(kernel.c);
  sums.compute_at(out, co).store_in(MemoryType::Stack).bound_extent(kernel.c, chunk);
  sums.bound(place, 0, static_cast<int>(schedule.pixels)).vectorize(kernel.c, v).unroll(kernel.c).unroll(place);
  for (size_t i = 0; i < kernel.sums->pixels.size(); ++i) {
    std::vector<Halide::VarOrRVar> order{kernel.c, RVar(kernel.sums->pixels[i]), kernel.y};
    if (i == 0) order.insert(order.begin() + 1, place);
    Stage update = sums.update(static_cast<int>(i));
    update.reorder(order).vectorize(kernel.c, v).unroll(kernel.c);
    if (i == 0) update.unroll(place);
  }
}

}  // namespace qatc
