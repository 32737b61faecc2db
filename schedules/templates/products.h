#pragma once

#include <Halide.h>

#include <vector>

#include "schedules/conv_layout.h"
#include "schedules/isa.h"

namespace qatc {

/// How a reduction over a run is taken apart.
struct ProductLoops {
  int step = 0;   // bytes of the run, or of its first terms, in one step
  int terms = 1;  // see terms_of() in lower/buffer.h
  int steps = 1;  // in one iteration of the innermost loop
  int parts = 1;  // of the run that are summed side by side
};

/// Schedules the update of sums over `r`: (byte of the run, ...). `lane`: the sums' vectors; `places`: what is unrolled
/// beside them, innermost first. Returns the loop that loads by lane are computed at.
Halide::RVar schedule_products(Halide::Stage update, const Halide::Var& lane, const std::vector<Halide::Var>& places,
                               const Halide::RDom& r, const ConvLayout& layout, const ProductLoops& loops);

/// Bytes widened once for all channel tiles of the pixels of `tile`.
void schedule_widened(Halide::Func operand, const Halide::Func& out, const Halide::Var& tile, int channels);

}  // namespace qatc
