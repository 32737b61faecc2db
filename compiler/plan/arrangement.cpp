#include "plan/arrangement.h"

#include <algorithm>
#include <utility>

#include "plan/reach.h"

namespace qatc {

namespace {

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

bool add_window(Stage& stage, const std::vector<const KernelUse*>& uses, int tensor, int writer) {
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

}  // namespace

Arrangement::Arrangement(const Plan& plan, std::vector<Piece> pieces, std::set<int> stored)
    : plan_(&plan), stored_(std::move(stored)) {
  for (Piece& piece : pieces) {
    clusters_.push_back({pieces_.size()});
    pieces_.push_back({std::move(piece), pieces_.size(), false});
  }
  image_slides_ = plan.input_tensor != plan.output_tensor && !has_norm(plan.input_tensor) && rows_of_image_known();
}

// ---- Who reads what.

bool Arrangement::has_norm(int id) const {
  const std::vector<NodeId> users = plan_->graph.users(tensor(id).value);
  return std::any_of(users.begin(), users.end(),
                     [&](NodeId user) { return std::holds_alternative<InstanceNorm>(plan_->graph.node(user).op); });
}

bool Arrangement::rows_of_image_known() const {
  return std::all_of(pieces_.begin(), pieces_.end(), [&](const PlacedPiece& placed) {
    return std::all_of(placed.piece.uses.begin(), placed.piece.uses.end(), [&](const KernelUse& use) {
      return !reads(use.call, plan_->input_tensor) || rows_read(use, plan_->input_tensor);
    });
  });
}

bool Arrangement::any_reads(const Cluster& cluster, int tensor) const {
  return std::any_of(cluster.begin(), cluster.end(), [&](size_t p) { return reads(piece(p), tensor); });
}

bool Arrangement::any_writes(const Cluster& cluster, int tensor) const {
  return std::any_of(cluster.begin(), cluster.end(), [&](size_t p) { return writes(piece(p), tensor); });
}

std::vector<size_t> Arrangement::reading_clusters(int tensor) const {
  std::vector<size_t> result;
  for (size_t c = 0; c < clusters_.size(); ++c) {
    if (any_reads(clusters_[c], tensor) && !any_writes(clusters_[c], tensor)) result.push_back(c);
  }
  return result;
}

std::optional<size_t> Arrangement::writing_cluster(int tensor) const {
  for (size_t c = 0; c < clusters_.size(); ++c) {
    for (size_t p : clusters_[c]) {
      if (!pieces_[p].is_local && writes(piece(p), tensor)) return c;
    }
  }
  return std::nullopt;
}

/// Nothing when others compute all that the piece did.
std::optional<size_t> Arrangement::cluster_of(size_t piece) const {
  const auto found =
      std::find_if(clusters_.begin(), clusters_.end(), [&](const Cluster& c) { return c.count(piece) > 0; });
  return found == clusters_.end() ? std::nullopt : std::optional(static_cast<size_t>(found - clusters_.begin()));
}

// ---- The stage of a cluster.

std::vector<size_t> Arrangement::in_order(const Cluster& cluster) const {
  std::vector<size_t> order(cluster.begin(), cluster.end());
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return pieces_[a].order < pieces_[b].order; });
  return order;
}

std::vector<const KernelUse*> Arrangement::uses_of(const Cluster& cluster) const {
  std::vector<const KernelUse*> uses;
  for (size_t p : in_order(cluster)) {
    for (const KernelUse& use : piece(p).uses) uses.push_back(&use);
  }
  return uses;
}

std::optional<Stage> Arrangement::assemble(const Cluster& cluster) const {
  const std::vector<const KernelUse*> uses = uses_of(cluster);
  const bool is_concat = piece(*cluster.begin()).uses.size() > 1;
  if (uses.size() > cluster.size() && cluster.size() > 1) return std::nullopt;
  Stage stage;
  for (const KernelUse* use : uses) stage.calls.push_back(use->call);
  if (image_slides_ && any_reads(cluster, plan_->input_tensor)) {
    if (!add_window(stage, uses, plan_->input_tensor, Window::kImage)) return std::nullopt;
  }
  for (size_t call = 0; call < stage.calls.size(); ++call) {
    for (int output : stage.calls[call].outputs) {
      if (any_reads(cluster, output)) {
        if (must_store(cluster, output) || !add_window(stage, uses, output, static_cast<int>(call)))
          return std::nullopt;
      } else if (output == plan_->output_tensor && reading_clusters(output).empty() && !is_concat) {
        add_window(stage, uses, output, static_cast<int>(call));
        stage.store_image = true;
      }
    }
  }
  return has_one_height(stage) && find_reach(stage) ? std::optional(stage) : std::nullopt;
}

/// Whether a result of the cluster is needed outside of it, or all of it before a reader inside can begin.
bool Arrangement::must_store(const Cluster& cluster, int id) const {
  if (id == plan_->output_tensor || has_norm(id) || stored_.count(id) > 0) return true;
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

/// A stage is split by the rows of its results.
bool Arrangement::has_one_height(const Stage& stage) const {
  const Extent& height = tensor(split_tensor(*plan_, stage)).height;
  return std::all_of(stage.calls.begin(), stage.calls.end(), [&](const KernelCall& call) {
    const std::vector<int> stored = stored_outputs(stage, call);
    const Window* image =
        stage.store_image && writes(call, plan_->output_tensor) ? window_of(stage, plan_->output_tensor) : nullptr;
    return std::all_of(stored.begin(), stored.end(), [&](int id) { return tensor(id).height == height; }) &&
           (image == nullptr || tensor(image->tensor).height == height);
  });
}

std::vector<int> Arrangement::stored_results(size_t p) const {
  std::vector<int> results;
  const std::optional<size_t> cluster = cluster_of(p);
  if (!cluster || piece(p).uses.size() != 1) return results;
  const Stage stage = *assemble(clusters_[*cluster]);
  for (int id : stored_outputs(stage, piece(p).uses.front().call)) {
    if (id != plan_->output_tensor && !has_norm(id)) results.push_back(id);
  }
  return results;
}

// ---- The order of clusters.

/// Each cluster after those that it reads from; cut short where these form a circle.
std::vector<Cluster> Arrangement::sorted(std::vector<Cluster> waiting) const {
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

bool Arrangement::reads_from(const Cluster& cluster, const Cluster& other) const {
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

// ---- Changes.

bool Arrangement::join(int id) {
  const std::optional<size_t> writer = writing_cluster(id);
  const std::vector<size_t> readers = reading_clusters(id);
  if (!writer || readers.empty() || stored_.count(id) > 0) return false;
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

void Arrangement::add_local(size_t cluster, Piece piece, size_t of) {
  clusters_[cluster].insert(pieces_.size());
  pieces_.push_back({std::move(piece), pieces_[of].order, true});
}

void Arrangement::replace(size_t piece, std::optional<Piece> by) {
  if (by) {
    pieces_[piece].piece = std::move(*by);
    return;
  }
  const size_t c = *cluster_of(piece);
  clusters_[c].erase(piece);
  if (clusters_[c].empty()) clusters_.erase(clusters_.begin() + static_cast<std::ptrdiff_t>(c));
}

}  // namespace qatc
