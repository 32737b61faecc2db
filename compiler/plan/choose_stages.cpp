#include "plan/choose_stages.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "plan/arena.h"

namespace qatc {

namespace {

/// Up to this many multiply-adds, a byte is computed from the image again instead of kept. On x86-64 that takes as long
/// as writing and reading it, within 1 %; it frees what would live from the first stage to nearly the last, a third of
/// the arena of a gated encoder.
constexpr int64_t kMultiplyAddsPerByte = 64;
/// A tensor whose rows could slide is stored after all when that lowers the most memory in use to this share: the stage
/// then ends there, and what only its first half reads is free when its second half writes.
constexpr double kWorthStoring = 0.95;

class StageChooser {
 public:
  StageChooser(const Plan& plan, const std::vector<Piece>& pieces, const PieceMaker& maker)
      : plan_(plan), pieces_(pieces), maker_(maker) {}

  /// Stores the tensor of the stage with most memory in use that lowers it most, as long as that helps.
  Arrangement run() const {
    std::set<int> stored;
    Arrangement best = arrange(stored);
    Peak lowest = peak(best);
    while (true) {
      const std::set<int> before = stored;
      const Peak current = lowest;
      auto allowed = static_cast<int64_t>(kWorthStoring * static_cast<double>(current.bytes));
      for (int id : current.windows) {
        std::set<int> more = before;
        more.insert(id);
        const Arrangement with = arrange(more);
        const Peak other = peak(with);
        if (other.bytes > allowed) continue;
        allowed = other.bytes - 1;
        lowest = other;
        best = with;
        stored = more;
      }
      if (stored == before) return best;
    }
  }

 private:
  /// With `stored` in memory in any case.
  Arrangement arrange(const std::set<int>& stored) const {
    Arrangement arrangement(plan_, pieces_, stored);
    fuse(arrangement);
    compute_again(arrangement);
    return arrangement;
  }

  // ---- Joining.

  void fuse(Arrangement& arrangement) const {
    const auto [height, width] = usual_size(plan_);
    // Bytes that do not pass through memory when a tensor slides, at a usual size.
    std::vector<std::pair<int64_t, int>> traffic;
    for (size_t t = 0; t < plan_.tensors.size(); ++t) {
      const auto id = static_cast<int>(t);
      const auto readers = static_cast<int64_t>(arrangement.reading_clusters(id).size());
      traffic.emplace_back(tensor_size(plan_, id, height, width) * (1 + readers), id);
    }
    std::stable_sort(traffic.begin(), traffic.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    // A tensor that could not slide may be able to when others do: begin again after each success.
    const auto joins = [&](const auto& candidate) { return arrangement.join(candidate.second); };
    while (std::any_of(traffic.begin(), traffic.end(), joins)) {
    }
  }

  // ---- Computing again.

  void compute_again(Arrangement& arrangement) const {
    const size_t count = arrangement.piece_count();
    for (size_t p = 0; p < count; ++p) compute_from_image(arrangement, p);
    for (size_t p = 0; p < count; ++p) {
      for (int output : arrangement.stored_results(p)) compute_from_table(arrangement, p, output);
    }
  }

  /// Lets the readers of a small kernel of the image compute it from the image.
  void compute_from_image(Arrangement& arrangement, size_t p) const {
    const Piece& piece = arrangement.piece(p);
    if (!arrangement.image_slides() || piece.uses.size() != 1 ||
        piece.uses.front().call.inputs != std::vector<int>{plan_.input_tensor}) {
      return;
    }
    compute_in_readers(arrangement, p, arrangement.stored_results(p), piece.nodes);
  }

  /// Lets the readers of a table of a stored tensor look it up themselves.
  void compute_from_table(Arrangement& arrangement, size_t p, int id) const {
    const NodeId producer = *plan_.graph.value(tensor(id).value).producer;
    const Node& node = plan_.graph.node(producer);
    if (!std::holds_alternative<Lookup>(node.op)) return;
    for (size_t from = 0; from < plan_.tensors.size(); ++from) {
      if (plan_.tensors[from].value != node.inputs[0]) continue;
      const std::optional<size_t> writer = arrangement.writing_cluster(static_cast<int>(from));
      if (!writer || arrangement.any_reads(arrangement.clusters()[*writer], static_cast<int>(from))) continue;
      compute_in_readers(arrangement, p, {id}, {producer});
    }
  }

  /// Adds a piece of `nodes` to each stage that reads some of the tensors, which piece p then no longer stores. Leaves
  /// all as it is where that costs too much or rows do not slide.
  void compute_in_readers(Arrangement& arrangement, size_t p, const std::vector<int>& tensors,
                          const std::vector<NodeId>& nodes) const {
    if (tensors.empty()) return;
    Arrangement changed = arrangement;
    std::set<size_t> stages;
    for (int id : tensors) {
      const std::vector<size_t> readers = arrangement.reading_clusters(id);
      stages.insert(readers.begin(), readers.end());
    }
    for (size_t c : stages) {
      std::set<ValueId> outputs;
      for (int id : tensors) {
        if (arrangement.any_reads(arrangement.clusters()[c], id)) outputs.insert(tensor(id).value);
      }
      const Piece local = maker_.make(nodes, outputs);
      changed.add_local(c, local, p);
      const std::optional<Stage> stage = changed.assemble(changed.clusters()[c]);
      if (!is_cheap(local) || !stage || breaks_in_place(*stage, local)) return;
    }
    std::set<ValueId> left;
    for (int output : arrangement.piece(p).uses.front().call.outputs) {
      if (std::find(tensors.begin(), tensors.end(), output) == tensors.end()) left.insert(tensor(output).value);
    }
    changed.replace(p, left.empty() ? std::nullopt : std::optional(maker_.make(arrangement.piece(p).nodes, left)));
    arrangement = changed;
  }

  static bool is_cheap(const Piece& piece) {
    const KernelUse& use = piece.uses.front();
    int64_t multiply_adds = 0;
    for (const KernelConv& conv : use.spec.convs) {
      for (int input : conv.inputs) {
        multiply_adds += conv.kernel[0] * conv.kernel[1] * use.spec.inputs[static_cast<size_t>(input)] *
                         use.spec.out_channels * conv.digits;
      }
    }
    const auto bytes = static_cast<int64_t>(use.spec.outputs.size()) * use.spec.out_channels;
    return multiply_adds <= bytes * kMultiplyAddsPerByte;
  }

  /// The stage that writes the caller's image must not come to read more of the image than its own rows.
  bool breaks_in_place(const Stage& stage, const Piece& added) const {
    const std::vector<int>& inputs = added.uses.front().call.inputs;
    return stage.store_image && std::find(inputs.begin(), inputs.end(), plan_.input_tensor) != inputs.end();
  }

  // ---- Memory.

  struct Peak {
    int64_t bytes = 0;
    std::vector<int> windows;  // of the stage with most memory in use
  };

  Peak peak(const Arrangement& arrangement) const {
    const auto [height, width] = usual_size(plan_);
    std::vector<Stage> stages;
    for (const Cluster& cluster : arrangement.sorted()) stages.push_back(*arrangement.assemble(cluster));
    std::vector<int64_t> in_use;
    in_use.reserve(stages.size());
    for (const Stage& stage : stages) in_use.push_back(windows_size(plan_, stage, height, width));
    for (size_t t = 0; t < plan_.tensors.size(); ++t) {
      const auto id = static_cast<int>(t);
      std::optional<size_t> first, last;
      for (size_t s = 0; s < stages.size(); ++s) {
        const auto is_stored_by = [&](const KernelCall& call) {
          const std::vector<int> stored = stored_outputs(stages[s], call);
          return std::find(stored.begin(), stored.end(), id) != stored.end();
        };
        const auto is_read_by = [&](const KernelCall& call) {
          return std::find(call.inputs.begin(), call.inputs.end(), id) != call.inputs.end() &&
                 window_of(stages[s], id) == nullptr;
        };
        const std::vector<KernelCall>& calls = stages[s].calls;
        if (!first && std::any_of(calls.begin(), calls.end(), is_stored_by)) first = s;
        if (first && (s == *first || std::any_of(calls.begin(), calls.end(), is_read_by))) last = s;
      }
      for (size_t s = first.value_or(1); first && s <= *last; ++s) in_use[s] += tensor_size(plan_, id, height, width);
    }
    if (stages.empty()) return {};
    const auto most = std::max_element(in_use.begin(), in_use.end());
    Peak result{*most, {}};
    for (const Window& window : stages[static_cast<size_t>(most - in_use.begin())].windows) {
      if (window.writer != Window::kImage && !window.readers.empty()) result.windows.push_back(window.tensor);
    }
    return result;
  }

  const PlanTensor& tensor(int id) const { return plan_.tensors[static_cast<size_t>(id)]; }

  const Plan& plan_;
  const std::vector<Piece>& pieces_;
  const PieceMaker& maker_;
};

}  // namespace

Arrangement choose_stages(const Plan& plan, const std::vector<Piece>& pieces, const PieceMaker& maker) {
  return StageChooser(plan, pieces, maker).run();
}

}  // namespace qatc
