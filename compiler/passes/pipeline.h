#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "ir/graph.h"

namespace qatc {

struct Pass {
  std::string_view name;
  void (*run)(Graph&);
};

/// From the imported graph to ops on 8-bit values, in order. A pass may occur twice.
std::span<const Pass> pipeline();

/// Runs the pipeline and verifies the graph after each pass; `after` sees each pass's result.
void run_passes(Graph& graph, const std::function<void(const Pass&, const Graph&)>& after = {});

}  // namespace qatc
