#include "plan/blocks.h"

#include "plan/piece.h"

namespace qatc {

namespace {

class BlockMaker {
 public:
  explicit BlockMaker(Plan& plan) : plan_(plan) {}

  void run() {
    for (size_t s = 0; s < plan_.stages.size(); ++s) add_stage(plan_.stages[s], static_cast<int>(s));
  }

 private:
  int add_block(Block::Kind kind, int subject, int first) {
    plan_.blocks.push_back({kind, subject, first, first, {}});
    return static_cast<int>(plan_.blocks.size()) - 1;
  }

  void extend(int block, int stage) { plan_.blocks[static_cast<size_t>(block)].last = stage; }

  void write(int tensor, int stage) {
    int& block = plan_.tensors[static_cast<size_t>(tensor)].block;
    if (block < 0) block = add_block(Block::Kind::kTensor, tensor, stage);
  }

  void read(int tensor, int stage) { extend(plan_.tensors[static_cast<size_t>(tensor)].block, stage); }

  void add_stage(const Stage& stage, int s) {
    if (stage.kind == Stage::Kind::kLoadImage) write(stage.image, s);
    if (stage.kind == Stage::Kind::kStoreImage) read(stage.image, s);
    for (const KernelCall& call : stage.calls) add_call(stage, call, s);
    for (int i : stage.statistics) {
      plan_.statistics[static_cast<size_t>(i)].sums_block = add_block(Block::Kind::kSums, i, s);
    }
    if (stage.norm >= 0) {
      Statistics& statistics = plan_.statistics[static_cast<size_t>(stage.norm)];
      extend(statistics.sums_block, s);
      statistics.coefficients_block = add_block(Block::Kind::kCoefficients, stage.norm, s);
    }
    if (!stage.windows.empty()) add_block(Block::Kind::kWindows, s, s);
  }

  void add_call(const Stage& stage, const KernelCall& call, int s) {
    for (int tensor : call.inputs) {
      if (window_of(stage, tensor) == nullptr) read(tensor, s);
    }
    for (int tensor : stored_outputs(stage, call)) write(tensor, s);
    for (NodeId id : call.step_nodes) {
      if (id != kNoNode && std::holds_alternative<Resize>(plan_.graph.node(id).op)) extend(maps_of(id), s);
      for (Statistics& statistics : plan_.statistics) {
        if (statistics.node == id && statistics.coefficients_block >= 0) extend(statistics.coefficients_block, s);
      }
    }
  }

  int maps_of(NodeId resize) {
    for (const ResizeMaps& maps : plan_.resizes) {
      if (maps.node == resize) return maps.block;
    }
    // The maps are made before the first stage.
    plan_.resizes.push_back({resize, add_block(Block::Kind::kMaps, static_cast<int>(plan_.resizes.size()), 0)});
    return plan_.resizes.back().block;
  }

  Plan& plan_;
};

}  // namespace

void make_blocks(Plan& plan) { BlockMaker(plan).run(); }

}  // namespace qatc
