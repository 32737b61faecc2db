#include "plan/polyphase.h"

#include <algorithm>
#include <optional>

#include "plan/piece.h"
#include "plan/reach.h"
#include "support/error.h"

namespace qatc {

namespace {

constexpr int64_t kTaps = 3;
constexpr int64_t kLowest = -128, kHighest = 127;
/// Filters of all phases of a conv take up to this many bytes of the library. They are three times the conv's own, which
/// stays for other image sizes: little for the convs at high resolution, whose filters are small and where the time goes.
constexpr int64_t kMostFilterBytes = int64_t{128} * 1024;

/// Along an axis: the tap that is alone in its pixel, or the two that meet in one.
enum class Tap : uint8_t { kSingle, kPair };
constexpr std::array<Tap, 2> kEveryTap{Tap::kSingle, Tap::kPair};

bool reads(PhaseTaps taps, Tap tap) {
  return taps == PhaseTaps::kBoth || (taps == PhaseTaps::kPair) == (tap == Tap::kPair);
}

/// Place of a tap among those that a filter reads.
int64_t place_of(PhaseTaps taps, Tap tap, int phase) {
  if (taps != PhaseTaps::kBoth) return 0;
  return (tap == Tap::kPair) == (phase == 0) ? 1 : 0;
}

int64_t extent(PhaseTaps taps) { return taps == PhaseTaps::kBoth ? 2 : 1; }

/// The first of the original taps, and how many, that a tap of a phase stands for.
std::array<int64_t, 2> originals(Tap tap, int phase) {
  if (tap == Tap::kPair) return {phase == 0 ? 1 : 0, 2};
  return {phase == 0 ? 0 : 2, 1};
}

/// What is left of a phase's filter when some 8-bit filters are taken off.
class Residual {
 public:
  Residual(const Graph& graph, const Node& conv, std::array<int, 2> phase) : phase_(phase) {
    const Value& filter = graph.value(conv.inputs[1]);
    const std::vector<int64_t>& shape = filter.constant->shape;
    outputs_ = shape[0];
    channels_ = shape[3];
    values_.resize(static_cast<size_t>(outputs_ * 4 * channels_));
    for (int64_t o = 0; o < outputs_; ++o) {
      for (Tap row : kEveryTap) {
        for (Tap column : kEveryTap) {
          const auto [y, height] = originals(row, phase[0]);
          const auto [x, width] = originals(column, phase[1]);
          for (int64_t i = 0; i < height * width; ++i) {
            const int64_t tap = (o * kTaps + y + i / width) * kTaps + x + i % width;
            for (int64_t c = 0; c < channels_; ++c) {
              at(o, row, column, c) += filter.constant->integers[static_cast<size_t>(tap * channels_ + c)] -
                                       filter.type.quant->zero_point_at(o);
            }
          }
        }
      }
    }
  }

  /// Takes off as much as fits 8 bits; returns it, (output, row, column, channel).
  std::vector<int32_t> take(const PhaseFilter& filter) {
    const int64_t columns = extent(filter.taps[1]);
    std::vector<int32_t> taken(static_cast<size_t>(outputs_ * extent(filter.taps[0]) * columns * filter.channels));
    for (int64_t o = 0; o < outputs_; ++o) {
      for (Tap row : kEveryTap) {
        for (Tap column : kEveryTap) {
          if (!reads(filter.taps[0], row) || !reads(filter.taps[1], column)) continue;
          // Sums keep away from -128, which costs products of ARM64 without dot product (KernelConv::extreme_pairs).
          const int64_t lowest = row == Tap::kSingle && column == Tap::kSingle ? kLowest : kLowest + 1;
          const int64_t y = o * extent(filter.taps[0]) + place_of(filter.taps[0], row, phase_[0]);
          const int64_t x = y * columns + place_of(filter.taps[1], column, phase_[1]);
          for (int64_t c = 0; c < filter.channels && filter.first_channel + c < channels_; ++c) {
            int32_t& left = at(o, row, column, filter.first_channel + c);
            const auto value = static_cast<int32_t>(std::clamp<int64_t>(left, lowest, kHighest));
            taken[static_cast<size_t>(x * filter.channels + c)] = value;
            left -= value;
          }
        }
      }
    }
    return taken;
  }

  bool has(Tap row, Tap column, int64_t channel) {
    for (int64_t o = 0; o < outputs_; ++o) {
      if (at(o, row, column, channel) != 0) return true;
    }
    return false;
  }

  int64_t channels() const { return channels_; }

 private:
  int32_t& at(int64_t o, Tap row, Tap column, int64_t channel) {
    const int64_t tap = (o * 2 + static_cast<int64_t>(row)) * 2 + static_cast<int64_t>(column);
    return values_[static_cast<size_t>(tap * channels_ + channel)];
  }

  std::array<int, 2> phase_;
  int64_t outputs_ = 0, channels_ = 0;
  std::vector<int32_t> values_;
};

constexpr std::array<std::array<int, 2>, kPhases> kEveryPhase{{{0, 0}, {0, 1}, {1, 0}, {1, 1}}};

/// Filters for the phases of a conv of `channels` storage channels; none when they are no less work than the conv
/// or too large.
std::vector<PhaseFilter> make_filters(const Graph& graph, const Node& conv, int64_t channels) {
  std::vector<Residual> phases;
  for (std::array<int, 2> phase : kEveryPhase) phases.emplace_back(graph, conv, phase);
  std::vector<PhaseFilter> filters;
  int64_t products = 0;
  const auto add = [&](PhaseTaps rows, PhaseTaps columns, int64_t first, int64_t count) {
    filters.push_back({{rows, columns}, first, count});
    products += extent(rows) * extent(columns) * count;
    for (Residual& phase : phases) phase.take(filters.back());
  };
  /// First and last channel for which a pixel has something left.
  const auto range = [&](Tap row, Tap column) {
    std::optional<std::array<int64_t, 2>> result;
    for (Residual& phase : phases) {
      for (int64_t c = 0; c < phase.channels(); ++c) {
        if (!phase.has(row, column, c)) continue;
        if (!result) result = {c, c};
        *result = {std::min((*result)[0], c), std::max((*result)[1], c)};
      }
    }
    return result;
  };
  const auto add_pixel = [&](PhaseTaps rows, PhaseTaps columns, const std::array<int64_t, 2>& needed) {
    const int64_t first = needed[0] / kChannelAlignment * kChannelAlignment;
    add(rows, columns, first, storage_channels(needed[1] + 1) - first);
  };
  add(PhaseTaps::kBoth, PhaseTaps::kBoth, 0, channels);
  while (range(Tap::kPair, Tap::kSingle)) add(PhaseTaps::kPair, PhaseTaps::kBoth, 0, channels);
  while (const auto left = range(Tap::kSingle, Tap::kPair)) add_pixel(PhaseTaps::kSingle, PhaseTaps::kPair, *left);
  while (const auto left = range(Tap::kPair, Tap::kPair)) add_pixel(PhaseTaps::kPair, PhaseTaps::kPair, *left);
  const int64_t outputs = graph.value(conv.inputs[1]).constant->shape[0];
  QATC_CHECK(!range(Tap::kSingle, Tap::kSingle), "a single 8-bit weight fits 8 bits");
  if (products >= kTaps * kTaps * channels || kPhases * outputs * products > kMostFilterBytes) filters.clear();
  return filters;
}

/// Whether a resize shows every pixel 2 x 2 times at each size at which both sides double.
bool can_double(const Graph& graph, const Node& node) {
  const auto& resize = std::get<Resize>(node.op);
  const Shape& in = graph.type(node.inputs[0]).shape;
  for (size_t axis = 0; axis < 2; ++axis) {
    const Extent& from = in[axis + 1];
    const Extent& to = resize.size[axis];
    if (from.is_constant() && to.is_constant() && to.constant() != 2 * from.constant()) return false;
    if (resize.numerator[axis] > 0 && resize.numerator[axis] != 2 * resize.denominator[axis]) return false;
  }
  return true;
}

class PhaseMaker {
 public:
  PhaseMaker(Plan& plan, Stage& stage) : plan_(plan), stage_(stage) {}

  void run() {
    for (size_t call = 0; call < stage_.calls.size(); ++call) add(static_cast<int>(call));
  }

 private:
  void add(int index) {
    KernelCall& call = stage_.calls[static_cast<size_t>(index)];
    const KernelCall* doubling = doubling_of(index);
    if (doubling == nullptr) return;
    const Node& conv = plan_.graph.node(call.conv_nodes.front());
    const int image = doubling->inputs.front();
    const PlanTensor& tensor = plan_.tensors[static_cast<size_t>(image)];
    const std::vector<PhaseFilter> filters = make_filters(plan_.graph, conv, storage_channels(tensor.channels));
    if (filters.empty()) return;
    for (int64_t& pad : plan_.tensors[static_cast<size_t>(image)].border) pad = std::max<int64_t>(pad, 1);
    for (Window& window : stage_.windows) {
      if (window.tensor == image) window.readers.push_back({index, {RowsNeeded::Kind::kPhases, 1, 0, 0}});
    }
    QATC_CHECK(find_reach(stage_), "phases read the rows that the resize reads");
    call.polyphase = Polyphase{add_kernel(phase_spec(call, filters)), image, doubling->step_nodes.front(), filters};
  }

  /// The call of the same stage whose doubled image, read by nobody else, this one convolves; or nullptr.
  const KernelCall* doubling_of(int index) const {
    const KernelCall& call = stage_.calls[static_cast<size_t>(index)];
    if (!computes_phases(call)) return nullptr;
    const Window* window = window_of(stage_, call.inputs.front());
    if (window == nullptr || window->writer == Window::kImage || window->readers.size() != 1) return nullptr;
    const KernelCall& writer = stage_.calls[static_cast<size_t>(window->writer)];
    const std::vector<KernelStep>& steps = plan_.kernels[static_cast<size_t>(writer.kernel)].steps;
    if (steps.size() != 1 || steps[0].kind != KernelStep::Kind::kResizeLoad) return nullptr;
    return can_double(plan_.graph, plan_.graph.node(writer.step_nodes.front())) ? &writer : nullptr;
  }

  /// A single conv, 3x3 around each pixel, and what can be computed from it alone.
  bool computes_phases(const KernelCall& call) const {
    const KernelSpec& spec = plan_.kernels[static_cast<size_t>(call.kernel)];
    if (spec.convs.size() != 1 || spec.inputs.size() != 1 || call.outputs.size() != 1 || needs_scratch(stage_, call) ||
        spec.out_pixel_stride != spec.out_channels) {
      return false;
    }
    const KernelConv& conv = spec.convs.front();
    const std::array<int64_t, 2> one{1, 1};
    return conv.inputs.front().kernel == std::array<int64_t, 2>{kTaps, kTaps} && conv.stride == one &&
           conv.dilation == one && conv.pad == one && conv.digits == 1 && !conv.exact &&
           std::all_of(spec.steps.begin(), spec.steps.end(), [](const KernelStep& step) { return step.input < 0; });
  }

  /// The kernel of a phase: its output pixels lie two apart.
  KernelSpec phase_spec(const KernelCall& call, const std::vector<PhaseFilter>& filters) const {
    KernelSpec spec = plan_.kernels[static_cast<size_t>(call.kernel)];
    KernelConv& conv = spec.convs.front();
    const int64_t pixel_bytes = spec.inputs.front();
    spec.inputs.assign(filters.size(), pixel_bytes);
    conv.inputs.clear();
    for (const PhaseFilter& filter : filters) {
      conv.inputs.push_back(
          {static_cast<int>(conv.inputs.size()), {extent(filter.taps[0]), extent(filter.taps[1])}, filter.channels});
    }
    conv.pad = {};
    conv.extreme_pairs = has_extreme_pairs(plan_.graph.node(call.conv_nodes.front()), filters);
    spec.out_pixel_stride = 2 * spec.out_channels;
    return spec;
  }

  /// See KernelConv::extreme_pairs.
  bool has_extreme_pairs(const Node& conv, const std::vector<PhaseFilter>& filters) const {
    for (std::array<int, 2> phase : kEveryPhase) {
      Residual residual(plan_.graph, conv, phase);
      for (const PhaseFilter& filter : filters) {
        const std::vector<int32_t> values = residual.take(filter);
        for (size_t i = 0; i + 2 < values.size(); ++i) {
          if (i % 4 < 2 && values[i] == kLowest && values[i + 2] == kLowest) return true;
        }
      }
    }
    return false;
  }

  int add_kernel(const KernelSpec& spec) {
    const auto found = std::find(plan_.kernels.begin(), plan_.kernels.end(), spec);
    if (found != plan_.kernels.end()) return static_cast<int>(found - plan_.kernels.begin());
    plan_.kernels.push_back(spec);
    return static_cast<int>(plan_.kernels.size()) - 1;
  }

  Plan& plan_;
  Stage& stage_;
};

}  // namespace

int64_t phase_offset(PhaseTaps taps, int phase) {
  switch (taps) {
    case PhaseTaps::kBoth:
      return phase - 1;
    case PhaseTaps::kPair:
      return 0;
    case PhaseTaps::kSingle:
      return 2 * phase - 1;
  }
  QATC_CHECK(false, "unknown taps");
}

std::vector<int32_t> phase_filter(const Graph& graph, const Node& conv, const std::vector<PhaseFilter>& filters,
                                  size_t index, std::array<int, 2> phase) {
  Residual residual(graph, conv, phase);
  for (size_t i = 0; i < index; ++i) residual.take(filters[i]);
  return residual.take(filters[index]);
}

bool doubles(const Plan& plan, const Polyphase& polyphase, int64_t height, int64_t width) {
  const Node& resize = plan.graph.node(polyphase.resize);
  const Shape& in = plan.graph.type(resize.inputs[0]).shape;
  const Shape& out = plan.graph.type(resize.output).shape;
  return out[1].evaluate(height, width) == 2 * in[1].evaluate(height, width) &&
         out[2].evaluate(height, width) == 2 * in[2].evaluate(height, width);
}

void add_polyphase(Plan& plan) {
  for (Stage& stage : plan.stages) PhaseMaker(plan, stage).run();
}

}  // namespace qatc
