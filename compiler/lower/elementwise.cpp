#include "lower/elementwise.h"

#include "lower/buffer.h"
#include "lower/steps.h"

namespace qatc {

std::vector<Halide::Expr> lower_pixel_steps(LoweredKernel& kernel, const KernelSpec& spec, Isa isa,
                                            const KernelParams& params) {
  std::vector<Halide::Func> accumulators;
  for (const LoweredConv& conv : kernel.convs) accumulators.push_back(conv.accumulator);
  const Site site{kernel.c, kernel.x, kernel.y, {kernel.x, kernel.y}};
  const LoweredSteps steps = lower_steps(spec, isa, params, accumulators, site);
  kernel.tile_steps = steps.tile_steps;
  std::vector<Halide::Expr> results;
  for (int step : spec.outputs) results.push_back(steps.values[static_cast<size_t>(step)]);
  return results;
}

void define_output(LoweredKernel& kernel, const KernelSpec& spec, const std::vector<Halide::Expr>& results) {
  kernel.out = Halide::Func("out");
  if (results.size() == 1) {
    kernel.out(kernel.c, kernel.x, kernel.y) = results.front();
  } else {
    kernel.out(kernel.c, kernel.x, kernel.y) = Halide::Tuple(results);
  }
  bound_outputs(kernel.out, spec.out_channels, spec.out_pixel_stride);
}

LoweredKernel lower_elementwise(const KernelSpec& spec, Isa isa, const KernelParams& params) {
  LoweredKernel kernel;
  define_output(kernel, spec, lower_pixel_steps(kernel, spec, isa, params));
  return kernel;
}

}  // namespace qatc
