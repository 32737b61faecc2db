#include "cli/compile_network.h"

#include <optional>

#include "support/progress.h"

namespace qatc {

void compile_network(const Plan& plan, CompileOptions options) {
  std::optional<ProgressLine> ranking;
  std::optional<ProgressLine> kernels;
  options.on_ranking = [&](int done, int total) {
    if (!ranking) ranking.emplace("compiling: schedules");
    ranking->update(done, total);
  };
  options.progress = [&](int done, int total) {
    ranking.reset();
    if (!kernels) kernels.emplace("compiling: kernels");
    kernels->update(done, total);
  };
  compile(plan, options);
}

}  // namespace qatc
