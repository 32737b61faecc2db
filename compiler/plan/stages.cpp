#include "plan/stages.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <set>
#include <utility>

#include "plan/reach.h"
#include "support/error.h"

namespace qatc {

namespace {

/// A byte of a tensor is rather computed from the image again, with up to this many multiply-adds, than written to
/// memory and read back.
constexpr int64_t kMultiplyAddsPerByte = 64;

bool reads(const KernelCall& call, int tensor) {
  return std::find(call.inputs.begin(), call.inputs.end(), tensor) != call.inputs.end();
}

bool writes(const KernelCall& call, int tensor) {
  return std::find(call.outputs.begin(), call.outputs.end(), tensor) != call.outputs.end();
}

bool reads(const Piece& piece, int tensor) {
  return std::any_of(piece.uses.begin(), piece.uses.end(),
                     [&](const KernelUse& use) { return reads(use.call, tensor); });
}

bool writes(const Piece& piece, int tensor) {
  return std::any_of(piece.uses.begin(), piece.uses.end(),
                     [&](const KernelUse& use) { return writes(use.call, tensor); });
}

/// The rows of a tensor that a kernel reads, if a window can serve them.
std::optional<RowsNeeded> rows_read(const KernelUse& use, int tensor) {
  const auto input = std::find(use.call.inputs.begin(), use.call.inputs.end(), tensor);
  return rows_needed(use.spec, static_cast<int>(input - use.call.inputs.begin()));
}

class StageMaker {
 public:
  StageMaker(Plan& plan, std::vector<Piece> pieces, PieceMaker& maker) : plan_(plan), maker_(maker) {
    for (Piece& piece : pieces) {
      clusters_.push_back({pieces_.size()});
      pieces_.push_back({std::move(piece), pieces_.size(), false});
    }
    image_slides_ = plan_.input_tensor != plan_.output_tensor && !has_norm(plan_.input_tensor) && rows_of_image_known();
  }

  void run() {
    fuse();
    compute_again();
    if (!image_slides_) add_image_stage(Stage::Kind::kLoadImage, plan_.input_tensor);
    for (const Cluster& cluster : sorted(clusters_)) add_stages(cluster);
    const bool is_stored =
        std::any_of(plan_.stages.begin(), plan_.stages.end(), [](const Stage& s) { return s.store_image; });
    if (!is_stored) add_image_stage(Stage::Kind::kStoreImage, plan_.output_tensor);
  }

 private:
  struct PlacedPiece {
    Piece piece;
    size_t order = 0;       // pieces of a stage run in this order
    bool is_local = false;  // computes again what its own stage reads
  };
  using Cluster = std::set<size_t>;  // pieces that run as one stage

  // ---- Who reads what.

  const PlanTensor& tensor(int id) const { return plan_.tensors[static_cast<size_t>(id)]; }
  const Piece& piece(size_t id) const { return pieces_[id].piece; }

  bool has_norm(int id) const {
    const std::vector<NodeId> users = plan_.graph.users(tensor(id).value);
    return std::any_of(users.begin(), users.end(),
                       [&](NodeId user) { return std::holds_alternative<InstanceNorm>(plan_.graph.node(user).op); });
  }

  bool rows_of_image_known() const {
    return std::all_of(pieces_.begin(), pieces_.end(), [&](const PlacedPiece& placed) {
      return std::all_of(placed.piece.uses.begin(), placed.piece.uses.end(), [&](const KernelUse& use) {
        return !reads(use.call, plan_.input_tensor) || rows_read(use, plan_.input_tensor);
      });
    });
  }

  bool any_reads(const Cluster& cluster, int tensor) const {
    return std::any_of(cluster.begin(), cluster.end(), [&](size_t p) { return reads(piece(p), tensor); });
  }

  bool any_writes(const Cluster& cluster, int tensor) const {
    return std::any_of(cluster.begin(), cluster.end(), [&](size_t p) { return writes(piece(p), tensor); });
  }

  /// Clusters that read a tensor and do not compute it themselves.
  std::vector<size_t> reading_clusters(int tensor) const {
    std::vector<size_t> result;
    for (size_t c = 0; c < clusters_.size(); ++c) {
      if (any_reads(clusters_[c], tensor) && !any_writes(clusters_[c], tensor)) result.push_back(c);
    }
    return result;
  }

  /// The cluster that writes a tensor for all.
  std::optional<size_t> writing_cluster(int tensor) const {
    for (size_t c = 0; c < clusters_.size(); ++c) {
      for (size_t p : clusters_[c]) {
        if (!pieces_[p].is_local && writes(piece(p), tensor)) return c;
      }
    }
    return std::nullopt;
  }

  /// Nothing when others compute all that the piece did.
  std::optional<size_t> cluster_of(size_t piece) const {
    const auto found =
        std::find_if(clusters_.begin(), clusters_.end(), [&](const Cluster& c) { return c.count(piece) > 0; });
    return found == clusters_.end() ? std::nullopt : std::optional(static_cast<size_t>(found - clusters_.begin()));
  }

  // ---- The stage of a cluster.

  std::vector<size_t> in_order(const Cluster& cluster) const {
    std::vector<size_t> order(cluster.begin(), cluster.end());
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return pieces_[a].order < pieces_[b].order; });
    return order;
  }

  std::vector<const KernelUse*> uses_of(const Cluster& cluster) const {
    std::vector<const KernelUse*> uses;
    for (size_t p : in_order(cluster)) {
      for (const KernelUse& use : piece(p).uses) uses.push_back(&use);
    }
    return uses;
  }

  /// Nothing when the rows of the cluster cannot slide together.
  std::optional<Stage> assemble(const Cluster& cluster) const {
    const std::vector<const KernelUse*> uses = uses_of(cluster);
    const bool is_concat = piece(*cluster.begin()).uses.size() > 1;
    if (uses.size() > cluster.size() && cluster.size() > 1) return std::nullopt;
    Stage stage;
    for (const KernelUse* use : uses) stage.calls.push_back(use->call);
    if (image_slides_ && any_reads(cluster, plan_.input_tensor)) {
      if (!add_window(stage, uses, plan_.input_tensor, Window::kImage)) return std::nullopt;
    }
    for (size_t call = 0; call < stage.calls.size(); ++call) {
      for (int output : stage.calls[call].outputs) {
        if (any_reads(cluster, output)) {
          if (must_store(cluster, output) || !add_window(stage, uses, output, static_cast<int>(call)))
            return std::nullopt;
        } else if (output == plan_.output_tensor && reading_clusters(output).empty() && !is_concat) {
          add_window(stage, uses, output, static_cast<int>(call));
          stage.store_image = true;
        }
      }
    }
    return has_one_height(stage) && find_reach(stage) ? std::optional(stage) : std::nullopt;
  }

  /// Whether a result of the cluster is needed outside of it, or all of it before a reader inside can begin.
  bool must_store(const Cluster& cluster, int id) const {
    if (id == plan_.output_tensor || has_norm(id)) return true;
    const bool is_local = std::any_of(cluster.begin(), cluster.end(),
                                      [&](size_t p) { return pieces_[p].is_local && writes(piece(p), id); });
    if (is_local) return false;
    for (const Cluster& other : clusters_) {
      for (size_t p : other) {
        if (cluster.count(p) == 0 && reads(piece(p), id)) return true;
      }
    }
    return false;
  }

  static bool add_window(Stage& stage, const std::vector<const KernelUse*>& uses, int tensor, int writer) {
    Window window;
    window.tensor = tensor;
    window.writer = writer;
    for (size_t call = 0; call < uses.size(); ++call) {
      if (!reads(uses[call]->call, tensor)) continue;
      const std::optional<RowsNeeded> rows = rows_read(*uses[call], tensor);
      if (!rows) return false;
      window.readers.push_back({static_cast<int>(call), *rows});
    }
    stage.windows.push_back(window);
    return true;
  }

  /// A stage is split by the rows of its results.
  bool has_one_height(const Stage& stage) const {
    const Extent& height = tensor(split_tensor(plan_, stage)).height;
    return std::all_of(stage.calls.begin(), stage.calls.end(), [&](const KernelCall& call) {
      const std::vector<int> stored = stored_outputs(stage, call);
      const Window* image =
          stage.store_image && writes(call, plan_.output_tensor) ? window_of(stage, plan_.output_tensor) : nullptr;
      return std::all_of(stored.begin(), stored.end(), [&](int id) { return tensor(id).height == height; }) &&
             (image == nullptr || tensor(image->tensor).height == height);
    });
  }

  // ---- Joining.

  /// Bytes that do not pass through memory when a tensor is in a window, at a usual size.
  int64_t traffic(int id) const {
    const int64_t height = std::clamp<int64_t>(1080, plan_.limits.min_height, plan_.limits.max_height);
    const int64_t width = std::clamp<int64_t>(1920, plan_.limits.min_width, plan_.limits.max_width);
    const PlanTensor& t = tensor(id);
    const auto readers = static_cast<int64_t>(reading_clusters(id).size());
    return t.height.evaluate(height, width) * t.width.evaluate(height, width) * storage_channels(t.channels) *
           (1 + readers);
  }

  void fuse() {
    std::vector<std::pair<int64_t, int>> tensors;
    for (size_t t = 0; t < plan_.tensors.size(); ++t)
      tensors.emplace_back(traffic(static_cast<int>(t)), static_cast<int>(t));
    std::stable_sort(tensors.begin(), tensors.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    // A tensor that could not slide may be able to when others do: begin again after each success.
    const auto fuses = [&](const auto& candidate) { return fuse(candidate.second); };
    while (std::any_of(tensors.begin(), tensors.end(), fuses)) {
    }
  }

  /// Joins the writer of a tensor and all its readers, if that makes a stage.
  bool fuse(int id) {
    const std::optional<size_t> writer = writing_cluster(id);
    const std::vector<size_t> readers = reading_clusters(id);
    if (!writer || readers.empty()) return false;
    std::set<size_t> joined(readers.begin(), readers.end());
    joined.insert(*writer);
    Cluster merged;
    std::vector<Cluster> others;
    for (size_t c = 0; c < clusters_.size(); ++c) {
      if (joined.count(c) > 0) {
        merged.insert(clusters_[c].begin(), clusters_[c].end());
      } else {
        others.push_back(clusters_[c]);
      }
    }
    if (!assemble(merged)) return false;
    others.push_back(merged);
    if (sorted(others).size() < others.size()) return false;
    clusters_ = others;
    return true;
  }

  /// Each cluster after those that it reads from; cut short where these form a circle.
  std::vector<Cluster> sorted(std::vector<Cluster> waiting) const {
    // By what is computed last, which follows the graph.
    std::stable_sort(waiting.begin(), waiting.end(), [&](const Cluster& a, const Cluster& b) {
      return pieces_[in_order(a).back()].order < pieces_[in_order(b).back()].order;
    });
    std::vector<Cluster> result;
    while (!waiting.empty()) {
      const auto ready = std::find_if(waiting.begin(), waiting.end(), [&](const Cluster& cluster) {
        return std::none_of(waiting.begin(), waiting.end(),
                            [&](const Cluster& other) { return &other != &cluster && reads_from(cluster, other); });
      });
      if (ready == waiting.end()) break;
      result.push_back(*ready);
      waiting.erase(ready);
    }
    return result;
  }

  bool reads_from(const Cluster& cluster, const Cluster& other) const {
    for (size_t p : other) {
      if (pieces_[p].is_local) continue;
      for (const KernelUse& use : piece(p).uses) {
        for (int output : use.call.outputs) {
          if (any_reads(cluster, output) && !any_writes(cluster, output)) return true;
        }
      }
    }
    return false;
  }

  // ---- Computing again.

  void compute_again() {
    const size_t count = pieces_.size();
    for (size_t p = 0; p < count; ++p) compute_from_image(p);
    for (size_t p = 0; p < count; ++p) {
      for (int output : stored_results(p)) compute_from_table(p, output);
    }
  }

  /// What a piece stores for other stages, if these may as well compute it themselves.
  std::vector<int> stored_results(size_t p) const {
    std::vector<int> results;
    const std::optional<size_t> cluster = cluster_of(p);
    if (!cluster || piece(p).uses.size() != 1) return results;
    const Stage stage = *assemble(clusters_[*cluster]);
    for (int id : stored_outputs(stage, piece(p).uses.front().call)) {
      if (id != plan_.output_tensor && !has_norm(id)) results.push_back(id);
    }
    return results;
  }

  /// Lets the readers of a small kernel of the image compute it from the image.
  void compute_from_image(size_t p) {
    if (!image_slides_ || piece(p).uses.size() != 1 ||
        piece(p).uses.front().call.inputs != std::vector<int>{plan_.input_tensor}) {
      return;
    }
    const std::vector<NodeId> nodes = piece(p).nodes;
    compute_in_readers(p, stored_results(p), nodes);
  }

  /// Lets the readers of a table of a stored tensor look it up themselves.
  void compute_from_table(size_t p, int id) {
    const NodeId producer = *plan_.graph.value(tensor(id).value).producer;
    const Node& node = plan_.graph.node(producer);
    if (!std::holds_alternative<Lookup>(node.op)) return;
    for (size_t from = 0; from < plan_.tensors.size(); ++from) {
      if (plan_.tensors[from].value != node.inputs[0]) continue;
      const std::optional<size_t> writer = writing_cluster(static_cast<int>(from));
      if (!writer || any_reads(clusters_[*writer], static_cast<int>(from))) continue;
      compute_in_readers(p, {id}, {producer});
    }
  }

  /// Adds a piece of `nodes` to each stage that reads some of the tensors, which piece p then no longer stores. Leaves
  /// all as it is where that costs too much or rows do not slide.
  void compute_in_readers(size_t p, const std::vector<int>& tensors, const std::vector<NodeId>& nodes) {
    if (tensors.empty()) return;
    const std::vector<PlacedPiece> pieces = pieces_;
    const std::vector<Cluster> clusters = clusters_;
    std::set<size_t> stages;
    for (int id : tensors) {
      const std::vector<size_t> readers = reading_clusters(id);
      stages.insert(readers.begin(), readers.end());
    }
    bool pays = true;
    for (size_t c : stages) {
      std::set<ValueId> outputs;
      for (int id : tensors) {
        if (any_reads(clusters_[c], id)) outputs.insert(tensor(id).value);
      }
      pieces_.push_back({maker_.make(nodes, outputs), pieces_[p].order, true});
      clusters_[c].insert(pieces_.size() - 1);
      const std::optional<Stage> stage = assemble(clusters_[c]);
      pays = pays && is_cheap(pieces_.back().piece) && stage && !breaks_in_place(*stage, pieces_.back().piece);
    }
    drop(p, tensors);
    if (pays) return;
    pieces_ = pieces;
    clusters_ = clusters;
  }

  bool is_cheap(const Piece& piece) const {
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
    return stage.store_image && reads(added, plan_.input_tensor);
  }

  /// Piece p stops computing some of its results.
  void drop(size_t p, const std::vector<int>& tensors) {
    std::set<ValueId> left;
    for (int output : piece(p).uses.front().call.outputs) {
      if (std::find(tensors.begin(), tensors.end(), output) == tensors.end()) left.insert(tensor(output).value);
    }
    if (!left.empty()) {
      pieces_[p].piece = maker_.make(piece(p).nodes, left);
      return;
    }
    const size_t c = *cluster_of(p);
    clusters_[c].erase(p);
    if (clusters_[c].empty()) clusters_.erase(clusters_.begin() + static_cast<std::ptrdiff_t>(c));
  }

  // ---- Into the plan.

  void add_image_stage(Stage::Kind kind, int image) {
    Stage stage;
    stage.kind = kind;
    stage.image = image;
    if (kind == Stage::Kind::kLoadImage) attach_statistics(stage, {image});
    plan_.stages.push_back(stage);
  }

  void add_stages(const Cluster& cluster) {
    Stage stage = *assemble(cluster);
    const std::vector<const KernelUse*> uses = uses_of(cluster);
    for (size_t i = 0; i < uses.size(); ++i) {
      for (NodeId id : uses[i]->call.step_nodes) {
        if (id != kNoNode && std::holds_alternative<InstanceNorm>(plan_.graph.node(id).op)) add_norm_stage(id);
      }
      stage.calls[i].kernel = kernel_index(uses[i]->spec);
    }
    std::set<int> stored;
    for (const KernelCall& call : stage.calls) {
      for (int id : stored_outputs(stage, call)) stored.insert(id);
    }
    attach_statistics(stage, stored);
    plan_.stages.push_back(stage);
  }

  void add_norm_stage(NodeId id) {
    Stage norm;
    norm.kind = Stage::Kind::kNorm;
    for (size_t i = 0; i < plan_.statistics.size(); ++i) {
      if (plan_.statistics[i].node == id) norm.norm = static_cast<int>(i);
    }
    QATC_CHECK(norm.norm >= 0, "statistics of a norm are not gathered before it");
    plan_.stages.push_back(norm);
  }

  void attach_statistics(Stage& stage, const std::set<int>& stored) {
    for (int id : stored) {
      for (NodeId user : plan_.graph.users(tensor(id).value)) {
        if (!std::holds_alternative<InstanceNorm>(plan_.graph.node(user).op)) continue;
        KernelSpec sums;
        sums.channel_sums = true;
        sums.inputs = {storage_channels(tensor(id).channels)};
        sums.out_channels = sums.out_pixel_stride = sums.inputs[0];
        sums.rounding = plan_.rounding;
        Statistics statistics;
        statistics.node = user;
        statistics.tensor = id;
        statistics.sums_kernel = kernel_index(sums);
        stage.statistics.push_back(static_cast<int>(plan_.statistics.size()));
        plan_.statistics.push_back(statistics);
      }
    }
  }

  int kernel_index(const KernelSpec& spec) {
    const auto found = std::find(plan_.kernels.begin(), plan_.kernels.end(), spec);
    if (found != plan_.kernels.end()) return static_cast<int>(found - plan_.kernels.begin());
    plan_.kernels.push_back(spec);
    return static_cast<int>(plan_.kernels.size()) - 1;
  }

  Plan& plan_;
  PieceMaker& maker_;
  std::vector<PlacedPiece> pieces_;
  std::vector<Cluster> clusters_;
  bool image_slides_ = false;  // it is loaded into windows, and stored nowhere
};

}  // namespace

void make_stages(Plan& plan, std::vector<Piece> pieces, PieceMaker& maker) {
  StageMaker(plan, std::move(pieces), maker).run();
}

}  // namespace qatc
