#include "plan/stages.h"

#include <algorithm>
#include <set>

#include "support/error.h"

namespace qatc {

namespace {

class StageMaker {
 public:
  StageMaker(Plan& plan, const Arrangement& arrangement) : plan_(plan), arrangement_(arrangement) {}

  void run() {
    if (!arrangement_.image_slides()) add_image_stage(Stage::Kind::kLoadImage, plan_.input_tensor);
    for (const Cluster& cluster : arrangement_.sorted()) add_stages(cluster);
    const bool is_stored =
        std::any_of(plan_.stages.begin(), plan_.stages.end(), [](const Stage& s) { return s.store_image; });
    if (!is_stored) add_image_stage(Stage::Kind::kStoreImage, plan_.output_tensor);
  }

 private:
  const PlanTensor& tensor(int id) const { return plan_.tensors[static_cast<size_t>(id)]; }

  void add_image_stage(Stage::Kind kind, int image) {
    Stage stage;
    stage.kind = kind;
    stage.image = image;
    if (kind == Stage::Kind::kLoadImage) attach_statistics(stage, {image});
    plan_.stages.push_back(stage);
  }

  void add_stages(const Cluster& cluster) {
    Stage stage = *arrangement_.assemble(cluster);
    const std::vector<const KernelUse*> uses = arrangement_.uses_of(cluster);
    for (size_t i = 0; i < uses.size(); ++i) {
      for (NodeId id : uses[i]->call.step_nodes) {
        if (id != kNoNode && std::holds_alternative<InstanceNorm>(plan_.graph.node(id).op)) add_norm_stage(id);
      }
      stage.calls[i].kernel = kernel_index(plan_, uses[i]->spec);
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
        Statistics statistics;
        statistics.node = user;
        statistics.tensor = id;
        stage.statistics.push_back(static_cast<int>(plan_.statistics.size()));
        plan_.statistics.push_back(statistics);
      }
    }
  }

  Plan& plan_;
  const Arrangement& arrangement_;
};

}  // namespace

int kernel_index(Plan& plan, const KernelSpec& spec) {
  const auto found = std::find(plan.kernels.begin(), plan.kernels.end(), spec);
  if (found != plan.kernels.end()) return static_cast<int>(found - plan.kernels.begin());
  plan.kernels.push_back(spec);
  return static_cast<int>(plan.kernels.size()) - 1;
}

void number_kernels(Plan& plan) {
  const std::vector<KernelSpec> kernels = plan.kernels;
  plan.kernels.clear();
  const auto renumber = [&](int& id) {
    if (id >= 0) id = kernel_index(plan, kernels[static_cast<size_t>(id)]);
  };
  for (Stage& stage : plan.stages) {
    for (KernelCall& call : stage.calls) {
      renumber(call.kernel);
      if (call.upsampled) renumber(call.upsampled->kernel);
    }
    for (int id : stage.statistics) renumber(plan.statistics[static_cast<size_t>(id)].sums_kernel);
  }
}

Plan plan_of_tiles(const Plan& plan) {
  Plan tiles = plan;
  std::transform(tiles.kernels.begin(), tiles.kernels.end(), tiles.kernels.begin(), tiles_of);
  number_kernels(tiles);
  return tiles;
}

void make_stages(Plan& plan, const Arrangement& arrangement) { StageMaker(plan, arrangement).run(); }

}  // namespace qatc
