#include "passes/pipeline.h"

#include <string>

#include "ops/op.h"
#include "passes/check_accumulators.h"
#include "passes/compose_lookups.h"
#include "passes/fold_concat_into_conv.h"
#include "passes/fold_constants.h"
#include "passes/hoist_quantize.h"
#include "passes/merge_duplicates.h"
#include "passes/refuse_real_ops.h"
#include "passes/remove_dead_nodes.h"
#include "passes/sink_dequantize.h"
#include "passes/to_fixed_point_filters.h"
#include "passes/to_lookups.h"
#include "passes/to_quantized_ops.h"
#include "support/error.h"

namespace qatc {

namespace {

constexpr Pass kPipeline[] = {
    {"remove_dead_nodes", remove_dead_nodes},  // ops that were imported for the sake of their shape
    {"fold_constants", fold_constants},
    {"merge_duplicates", merge_duplicates},
    // Bring every Dequantize and Quantize next to the arithmetic they belong to ...
    {"sink_dequantize", sink_dequantize},
    {"hoist_quantize", hoist_quantize},
    {"to_fixed_point_filters", to_fixed_point_filters},
    // ... and let them disappear in it.
    {"to_quantized_ops", to_quantized_ops},
    {"to_lookups", to_lookups},
    {"compose_lookups", compose_lookups},
    {"merge_duplicates", merge_duplicates},
    {"fold_concat_into_conv", fold_concat_into_conv},
    {"remove_dead_nodes", remove_dead_nodes},
    {"refuse_real_ops", refuse_real_ops},
    {"check_accumulators", check_accumulators},
};

}  // namespace

std::span<const Pass> pipeline() { return kPipeline; }

void run_passes(Graph& graph, const std::function<void(const Pass&, const Graph&)>& after) {
  for (const Pass& pass : pipeline()) {
    pass.run(graph);
    try {
      verify(graph);
    } catch (const InternalError& error) {
      throw InternalError("after pass " + std::string(pass.name) + ": " + error.what());
    }
    if (after) after(pass, graph);
  }
}

}  // namespace qatc
