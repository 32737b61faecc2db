#include "plan/reach.h"

#include <algorithm>

#include "support/error.h"

namespace qatc {

namespace {

using StepKind = KernelStep::Kind;

/// Rows of bases[base] and so many around them.
struct Reach {
  int base = 0;
  int64_t before = 0, after = 0;
};

class ReachFinder {
 public:
  explicit ReachFinder(Stage& stage) : stage_(stage) {}

  bool run() {
    stage_.bases = {RowBase{}};
    of_call_.assign(stage_.calls.size(), Reach{});
    for (size_t call = stage_.calls.size(); call-- > 0;) {
      if (!find(static_cast<int>(call))) return false;
    }
    return find(Window::kImage);
  }

 private:
  /// What a writer computes for a band: all that the readers of its windows ask for, and the band of what it stores.
  bool find(int writer) {
    std::optional<Reach> reach;
    bool agrees = true;
    const auto join = [&](const Reach& other) {
      if (!reach) reach = other;
      agrees = agrees && reach->base == other.base;
      reach->before = std::max(reach->before, other.before);
      reach->after = std::max(reach->after, other.after);
    };
    for (const Window& window : stage_.windows) {
      if (window.writer != writer) continue;
      if (window.readers.empty()) join({});
      for (const Window::Reader& reader : window.readers) join(through(reader, window.tensor));
    }
    if (writer != Window::kImage) {
      const KernelCall& call = stage_.calls[static_cast<size_t>(writer)];
      if (!stored_outputs(stage_, call).empty()) join({});
      QATC_CHECK(reach.has_value(), "a call's results are used");
      // An upsampled conv computes whole pairs of rows.
      if (call.upsampled) ++reach->after;
      of_call_[static_cast<size_t>(writer)] = *reach;
    }
    for (Window& window : stage_.windows) {
      if (window.writer != writer) continue;
      window.base = reach->base;
      window.before = reach->before;
      window.after = reach->after;
    }
    return agrees;
  }

  Reach through(const Window::Reader& reader, int tensor) {
    const Reach& to = of_call_[static_cast<size_t>(reader.call)];
    const RowsNeeded& rows = reader.rows;
    if (rows.kind != RowsNeeded::Kind::kStride) {
      const KernelCall& call = stage_.calls[static_cast<size_t>(reader.call)];
      const bool is_resize = rows.kind == RowsNeeded::Kind::kResize;
      RowBase base{RowBase::Kind::kResize};
      base.of = to.base;
      // An upsampled conv needs no more rows than the resize of what the conv would read.
      base.extra = to.before + to.after + (is_resize ? 0 : 2);
      base.tensor = tensor;
      base.result = is_resize ? call.outputs.front() : call.inputs.front();
      return {base_index(base), 0, 0};
    }
    Reach reach = to;
    if (rows.stride != 1) {
      RowBase base{RowBase::Kind::kStride};
      base.of = to.base;
      base.stride = rows.stride;
      reach.base = base_index(base);
    }
    reach.before = to.before * rows.stride + rows.before;
    reach.after = to.after * rows.stride + rows.after;
    return reach;
  }

  int base_index(const RowBase& base) {
    const auto found = std::find(stage_.bases.begin(), stage_.bases.end(), base);
    if (found != stage_.bases.end()) return static_cast<int>(found - stage_.bases.begin());
    stage_.bases.push_back(base);
    return static_cast<int>(stage_.bases.size()) - 1;
  }

  Stage& stage_;
  std::vector<Reach> of_call_;
};

}  // namespace

std::optional<RowsNeeded> rows_needed(const KernelSpec& spec, int input) {
  std::optional<RowsNeeded> result;
  bool fits = true;
  const auto need = [&](const RowsNeeded& rows) {
    if (!result) {
      result = rows;
      return;
    }
    fits = fits && result->kind == rows.kind && result->stride == rows.stride;
    result->before = std::max(result->before, rows.before);
    result->after = std::max(result->after, rows.after);
  };
  for (const KernelConv& conv : spec.convs) {
    if (std::count(conv.inputs.begin(), conv.inputs.end(), input) == 0) continue;
    need({RowsNeeded::Kind::kStride, conv.stride[0], conv.pad[0],
          (conv.kernel[0] - 1) * conv.dilation[0] - conv.pad[0]});
  }
  for (const KernelStep& step : spec.steps) {
    if (step.input != input) continue;
    if (step.kind == StepKind::kLoad) need({});
    if (step.kind == StepKind::kResizeLoad) need({RowsNeeded::Kind::kResize, 1, 0, 0});
    // A pool that clamps to the edge reads rows near it out of order.
    if (step.kind == StepKind::kMaxPool) {
      fits = fits && !step.clamp_to_edge;
      need({RowsNeeded::Kind::kStride, step.stride[0], step.pad[0], step.kernel[0] - 1 - step.pad[0]});
    }
  }
  if (!fits || !result || result->after < 0 || result->before < 0) return std::nullopt;
  return result;
}

bool find_reach(Stage& stage) { return ReachFinder(stage).run(); }

}  // namespace qatc
