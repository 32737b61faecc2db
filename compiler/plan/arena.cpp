#include "plan/arena.h"

#include <algorithm>
#include <array>
#include <functional>
#include <numeric>

#include "qatc_driver_support.h"
#include "support/error.h"

namespace qatc {

namespace {

// The formulas are the runtime's; here they get the sizes that the plan keeps symbolic.

/// A tensor as the driver lays it out at an image size, without its place.
qatc_tensor tensor_at(const PlanTensor& tensor, int64_t height, int64_t width) {
  qatc_tensor result{};
  result.height = static_cast<int32_t>(tensor.height.evaluate(height, width));
  result.width = static_cast<int32_t>(tensor.width.evaluate(height, width));
  result.pixel_bytes = static_cast<int32_t>(storage_channels(tensor.channels));
  std::transform(tensor.border.begin(), tensor.border.end(), result.border,
                 [](int64_t side) { return static_cast<int32_t>(side); });
  result.gap = static_cast<int32_t>(tensor.gap);
  return result;
}

bool alive_together(const Block& a, const Block& b) { return a.first <= b.last && b.first <= a.last; }

int64_t base_rows(const Plan& plan, const Stage& stage, int index, int64_t band, int64_t height, int64_t width) {
  const RowBase& base = stage.bases[static_cast<size_t>(index)];
  if (base.kind == RowBase::Kind::kBand) return band;
  const int64_t rows = base_rows(plan, stage, base.of, band, height, width);
  if (base.kind == RowBase::Kind::kStride) return qatc_rows_strided(rows, base.stride);
  const int64_t in = plan.tensors[static_cast<size_t>(base.tensor)].height.evaluate(height, width);
  const int64_t out = plan.tensors[static_cast<size_t>(base.result)].height.evaluate(height, width);
  return qatc_most_rows_shown(rows + base.extra, in, out);
}

/// Offsets when blocks are placed in this order, each into the lowest gap.
std::vector<int64_t> place_in_order(const std::vector<Block>& blocks, const std::vector<int64_t>& size,
                                    const std::vector<size_t>& order) {
  std::vector<int64_t> offset(blocks.size(), -1);
  for (size_t current : order) {
    std::vector<size_t> others;
    for (size_t other = 0; other < blocks.size(); ++other) {
      if (offset[other] >= 0 && alive_together(blocks[current], blocks[other])) others.push_back(other);
    }
    std::sort(others.begin(), others.end(), [&](size_t a, size_t b) { return offset[a] < offset[b]; });
    int64_t place = 0;
    for (size_t other : others) {
      if (offset[other] - place >= size[current]) break;
      place = std::max(place, offset[other] + size[other]);
    }
    offset[current] = place;
  }
  return offset;
}

/// Largest first leaves little in between (Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net
/// Inference", 2020: greedy by size), unless a small block lives long and splits what comes later: then another order is
/// tighter. The best of a few is taken.
std::vector<int64_t> place_blocks(const std::vector<Block>& blocks, const std::vector<int64_t>& size) {
  const auto life = [&](size_t i) { return int64_t{blocks[i].last} - blocks[i].first + 1; };
  using Key = std::function<int64_t(size_t)>;
  const std::array<Key, 5> keys{
      [&](size_t i) { return -size[i]; },
      [&](size_t i) { return -life(i) * size[i]; },
      [&](size_t i) { return -life(i); },
      [&](size_t i) { return int64_t{blocks[i].first}; },
      [&](size_t i) { return -int64_t{blocks[i].last}; },
  };
  std::vector<int64_t> best;
  int64_t best_total = 0;
  for (const Key& key : keys) {
    std::vector<size_t> order(blocks.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return size[a] > size[b]; });
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return key(a) < key(b); });
    const std::vector<int64_t> offset = place_in_order(blocks, size, order);
    int64_t total = 0;
    for (size_t i = 0; i < blocks.size(); ++i) total = std::max(total, offset[i] + size[i]);
    if (best.empty() || total < best_total) {
      best = offset;
      best_total = total;
    }
  }
  return best;
}

/// Rows that a window holds while its stage computes `band` rows at a time.
int64_t window_capacity(const Plan& plan, const Stage& stage, const Window& window, int64_t band, int64_t height,
                        int64_t width) {
  return base_rows(plan, stage, window.base, band, height, width) + window.before + window.after;
}

}  // namespace

int64_t windows_size(const Plan& plan, const Stage& stage, int64_t height, int64_t width) {
  if (stage.windows.empty()) return 0;
  const auto at = [&](int id) { return tensor_at(plan.tensors[static_cast<size_t>(id)], height, width); };
  size_t widest = 0;
  for (const Window& window : stage.windows) {
    const qatc_tensor tensor = at(window.tensor);
    widest = std::max(widest, qatc_row_bytes(&tensor));
  }
  const int64_t band = qatc_band_rows(widest);
  size_t stripe = 0;
  for (const Window& window : stage.windows) {
    const qatc_tensor tensor = at(window.tensor);
    const int64_t capacity = window_capacity(plan, stage, window, band, height, width);
    stripe += qatc_window_bytes(&tensor, static_cast<int32_t>(capacity));
  }
  size_t scratch = 0;
  for (int id : scratch_tensors(stage)) {
    const qatc_tensor tensor = at(id);
    scratch = std::max(scratch, qatc_row_bytes(&tensor));
  }
  return static_cast<int64_t>((stripe + qatc_align(scratch)) * QATC_MAX_WORKERS);
}

std::array<int64_t, 2> usual_size(const Plan& plan) {
  return {std::clamp<int64_t>(1080, plan.limits.min_height, plan.limits.max_height),
          std::clamp<int64_t>(1920, plan.limits.min_width, plan.limits.max_width)};
}

int64_t tensor_size(const Plan& plan, int tensor, int64_t height, int64_t width) {
  const qatc_tensor sized = tensor_at(plan.tensors[static_cast<size_t>(tensor)], height, width);
  return static_cast<int64_t>(qatc_tensor_bytes(&sized));
}

int64_t block_size(const Plan& plan, const Block& block, int64_t height, int64_t width) {
  const auto subject = static_cast<size_t>(block.subject);
  switch (block.kind) {
    case Block::Kind::kTensor:
      return tensor_size(plan, block.subject, height, width);
    case Block::Kind::kWindows:
      return windows_size(plan, plan.stages[subject], height, width);
    case Block::Kind::kSums: {
      const PlanTensor& tensor = plan.tensors[static_cast<size_t>(plan.statistics[subject].tensor)];
      const int64_t rows = tensor.height.evaluate(height, width);
      return 2 * static_cast<int64_t>(qatc_sums_bytes(rows, storage_channels(tensor.channels)));
    }
    case Block::Kind::kCoefficients: {
      const PlanTensor& tensor = plan.tensors[static_cast<size_t>(plan.statistics[subject].tensor)];
      return static_cast<int64_t>(qatc_norm_bytes(static_cast<int32_t>(storage_channels(tensor.channels))));
    }
    case Block::Kind::kMaps: {
      const Shape& shape = plan.graph.type(plan.graph.node(plan.resizes[subject].node).output).shape;
      return static_cast<int64_t>(qatc_map_bytes(shape[1].evaluate(height, width)) +
                                  qatc_map_bytes(shape[2].evaluate(height, width)));
    }
  }
  QATC_CHECK(false, "unknown block kind");
}

void lay_out_arena(Plan& plan) {
  const auto [height, width] = usual_size(plan);
  std::vector<Block>& blocks = plan.blocks;
  std::vector<int64_t> size;
  size.reserve(blocks.size());
  for (const Block& block : blocks) size.push_back(block_size(plan, block, height, width));
  const std::vector<int64_t> offset = place_blocks(blocks, size);
  for (size_t current = 0; current < blocks.size(); ++current) {
    for (size_t other = 0; other < blocks.size(); ++other) {
      if (other != current && alive_together(blocks[current], blocks[other]) &&
          offset[other] + size[other] <= offset[current]) {
        blocks[current].below.push_back(static_cast<int>(other));
      }
    }
  }
  // A block below one of ours that is below us too says nothing new.
  const std::vector<Block> complete = blocks;
  for (Block& block : blocks) {
    std::erase_if(block.below, [&](int candidate) {
      return std::any_of(block.below.begin(), block.below.end(), [&](int via) {
        const std::vector<int>& further = complete[static_cast<size_t>(via)].below;
        return std::find(further.begin(), further.end(), candidate) != further.end();
      });
    });
  }
}

bool supports(const Plan& plan, int64_t height, int64_t width) {
  const SizeLimits& limits = plan.limits;
  if (height < limits.min_height || height > limits.max_height || width < limits.min_width ||
      width > limits.max_width) {
    return false;
  }
  for (size_t t = 0; t < plan.tensors.size(); ++t) {
    if (tensor_size(plan, static_cast<int>(t), height, width) > INT32_MAX) return false;
  }
  return true;
}

int64_t arena_size(const Plan& plan, int64_t height, int64_t width) {
  return arena_offsets(plan, height, width).back() + QATC_ALIGNMENT - 1;
}

std::vector<int64_t> arena_offsets(const Plan& plan, int64_t height, int64_t width) {
  std::vector<int64_t> result(plan.blocks.size(), 0);
  int64_t total = 0;
  for (int block : placement_order(plan)) {
    int64_t offset = 0;
    for (int below : plan.blocks[static_cast<size_t>(block)].below) {
      offset = std::max(offset, result[static_cast<size_t>(below)] +
                                    block_size(plan, plan.blocks[static_cast<size_t>(below)], height, width));
    }
    result[static_cast<size_t>(block)] = offset;
    total = std::max(total, offset + block_size(plan, plan.blocks[static_cast<size_t>(block)], height, width));
  }
  result.push_back(total);
  return result;
}

std::vector<int> placement_order(const Plan& plan) {
  std::vector<int> order;
  std::vector<bool> placed(plan.blocks.size(), false);
  while (order.size() < plan.blocks.size()) {
    const size_t before = order.size();
    for (size_t i = 0; i < plan.blocks.size(); ++i) {
      const std::vector<int>& below = plan.blocks[i].below;
      const bool ready = std::all_of(below.begin(), below.end(), [&](int b) { return placed[static_cast<size_t>(b)]; });
      if (placed[i] || !ready) continue;
      placed[i] = true;
      order.push_back(static_cast<int>(i));
    }
    QATC_CHECK(order.size() > before, "arena blocks lie below each other in a circle");
  }
  return order;
}

}  // namespace qatc
