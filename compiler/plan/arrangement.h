#pragma once

#include <optional>
#include <set>
#include <vector>

#include "plan/piece.h"
#include "plan/plan.h"

namespace qatc {

/// Pieces that run as one stage, by number.
using Cluster = std::set<size_t>;

/// Which pieces run together: a value that choices are tried on (choose_stages). It begins with each piece alone.
class Arrangement {
 public:
  /// The pieces come in an order in which they can run. `stored` tensors are in memory even where their rows could
  /// slide. The plan must outlive this.
  Arrangement(const Plan& plan, std::vector<Piece> pieces, std::set<int> stored);

  const std::vector<Cluster>& clusters() const { return clusters_; }
  /// Each cluster after those that it reads from.
  std::vector<Cluster> sorted() const { return sorted(clusters_); }
  /// The kernels of a cluster in the order of its stage's calls.
  std::vector<const KernelUse*> uses_of(const Cluster& cluster) const;
  /// The stage of a cluster, its kernels not numbered; nothing when rows cannot slide through it together.
  std::optional<Stage> assemble(const Cluster& cluster) const;
  /// Whether the image is loaded into windows where it is read, and stored nowhere.
  bool image_slides() const { return image_slides_; }

  size_t piece_count() const { return pieces_.size(); }
  const Piece& piece(size_t id) const { return pieces_[id].piece; }
  bool any_reads(const Cluster& cluster, int tensor) const;
  /// Clusters that read a tensor and do not compute it themselves.
  std::vector<size_t> reading_clusters(int tensor) const;
  /// The cluster that writes a tensor for all.
  std::optional<size_t> writing_cluster(int tensor) const;
  /// What a piece stores for other clusters, as far as these could as well compute it themselves.
  std::vector<int> stored_results(size_t piece) const;

  /// Joins the writer of a tensor and all its readers, so that its rows slide. False where that makes no stage.
  bool join(int tensor);
  /// Gives a cluster a piece that computes again what the cluster reads, and piece `of` computes for others.
  void add_local(size_t cluster, Piece piece, size_t of);
  /// Replaces a piece by one with fewer results, or by none.
  void replace(size_t piece, std::optional<Piece> by);

 private:
  struct PlacedPiece {
    Piece piece;
    size_t order = 0;       // pieces of a stage run in this order
    bool is_local = false;  // serves its own cluster only
  };

  const PlanTensor& tensor(int id) const { return plan_->tensors[static_cast<size_t>(id)]; }
  bool has_norm(int tensor) const;
  bool rows_of_image_known() const;
  bool any_writes(const Cluster& cluster, int tensor) const;
  std::optional<size_t> cluster_of(size_t piece) const;
  std::vector<size_t> in_order(const Cluster& cluster) const;
  bool must_store(const Cluster& cluster, int tensor) const;
  bool has_one_height(const Stage& stage) const;
  std::vector<Cluster> sorted(std::vector<Cluster> waiting) const;
  bool reads_from(const Cluster& cluster, const Cluster& other) const;

  const Plan* plan_;
  std::set<int> stored_;
  std::vector<PlacedPiece> pieces_;
  std::vector<Cluster> clusters_;
  bool image_slides_ = false;
};

}  // namespace qatc
