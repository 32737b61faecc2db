#include "emit/driver_layout.h"

#include <algorithm>

#include "emit/c_text.h"
#include "emit/constants.h"
#include "plan/arena.h"
#include "support/error.h"

namespace qatc {

namespace {

class LayoutWriter {
 public:
  LayoutWriter(std::ostream& out, const Plan& plan) : out_(out), plan_(plan) {}

  void run() {
    write_frame();
    write_layout();
  }

 private:
  void line(const std::string& text = "") { out_ << text << "\n"; }

  void write_frame() {
    line("typedef struct frame {");
    line("  const qatc_image *input, *output;");
    line("  const qatc_executor* executor;");
    line("  int32_t stripes; /* of the running stage */");
    for (size_t i = 0; i < plan_.tensors.size(); ++i)
      line("  qatc_tensor t" + c_number(i) + "; /* " + c_comment(plan_.tensors[i].name) + " */");
    for (size_t i = 0; i < plan_.statistics.size(); ++i) {
      line("  int32_t *sums" + c_number(i) + ", *squares" + c_number(i) + ";");
      line("  qatc_norm norm" + c_number(i) + ";");
    }
    for (size_t i = 0; i < plan_.resizes.size(); ++i)
      line("  int32_t *x_map" + c_number(i) + ", *y_map" + c_number(i) + ";");
    for (const ResizeMaps& resize : plan_.resizes) {
      if (!is_replaced(resize)) continue;
      line("  int " + doubles_field(plan_, resize.node) + "; /* whether this resize doubles both sides */");
      line("  qatc_row_map " + row_map_field(plan_, resize.node) + ";");
    }
    for (size_t i = 0; i < plan_.stages.size(); ++i) {
      const Stage& stage = plan_.stages[i];
      if (stage.windows.empty() && stage.statistics.empty()) continue;
      line("  int32_t band" + c_number(i) + "; /* rows computed at a time in stage " + c_number(i) + " */");
      if (stage.windows.empty()) continue;
      line("  uint8_t* windows" + c_number(i) + ";");
      line("  size_t stripe_bytes" + c_number(i) + ";");
      for (const Window& window : stage.windows) {
        line("  int32_t " + window_capacity_field(static_cast<int>(i), window.tensor) + "; /* rows of t" +
             c_number(window.tensor) + "'s window */");
      }
    }
    line("} frame;");
    line();
  }

  /// Whether some conv does without this resize where it doubles both sides.
  bool is_replaced(const ResizeMaps& resize) const {
    return std::any_of(plan_.stages.begin(), plan_.stages.end(), [&](const Stage& stage) {
      return std::any_of(stage.calls.begin(), stage.calls.end(), [&](const KernelCall& call) {
        return call.upsampled && call.upsampled->resize == resize.node;
      });
    });
  }

  /// Bytes of a block, as an expression over the frame: what block_size() is in the compiler.
  std::string block_bytes(const Block& block) const {
    const std::string subject = c_number(block.subject);
    switch (block.kind) {
      case Block::Kind::kTensor:
        return "qatc_tensor_bytes(&f->t" + subject + ")";
      case Block::Kind::kWindows:
        return "f->stripe_bytes" + subject + " * QATC_MAX_WORKERS";
      case Block::Kind::kSums:
        return "2 * " + sums_bytes(block.subject);
      case Block::Kind::kCoefficients:
        return "qatc_norm_bytes(" + c_number(norm_channels(plan_, block.subject)) + ")";
      case Block::Kind::kMaps: {
        const Shape& shape =
            plan_.graph.type(plan_.graph.node(plan_.resizes[static_cast<size_t>(block.subject)].node).output).shape;
        return "qatc_map_bytes(" + c_extent(shape[2]) + ") + qatc_map_bytes(" + c_extent(shape[1]) + ")";
      }
    }
    QATC_CHECK(false, "unknown block kind");
  }

  std::string sums_bytes(int statistics) const {
    const std::string tensor = "f->t" + c_number(plan_.statistics[static_cast<size_t>(statistics)].tensor);
    return "qatc_sums_bytes(" + tensor + ".height, " + c_number(norm_channels(plan_, statistics)) + ")";
  }

  void write_layout() {
    line("static size_t larger(size_t a, size_t b) { return a > b ? a : b; }");
    line();
    line(
        "/* Fills the frame for an image of H x W pixels with an arena that begins at `arena`, 64-byte "
        "aligned; returns the");
    line(" * arena's size. With arena = NULL nothing is written through it. */");
    line("static size_t lay_out(frame* f, int64_t H, int64_t W, uint8_t* arena) {");
    line("  (void)H;");
    line("  (void)W;");
    for (size_t i = 0; i < plan_.tensors.size(); ++i) {
      const PlanTensor& t = plan_.tensors[i];
      const std::string border = c_number(t.border[0]) + ", " + c_number(t.border[1]) + ", " + c_number(t.border[2]) +
                                 ", " + c_number(t.border[3]);
      line("  f->t" + c_number(i) + " = (qatc_tensor){.height = " + c_extent(t.height) +
           ", .width = " + c_extent(t.width) + ", .pixel_bytes = " + c_number(storage_channels(t.channels)) +
           ", .border = {" + border + "}, .gap = " + c_number(t.gap) + ", .border_value = (uint8_t)STORED(" +
           c_number(stored(t.zero_point, t.dtype)) + ")};");
    }
    for (const ResizeMaps& resize : plan_.resizes) {
      if (!is_replaced(resize)) continue;
      const Node& node = plan_.graph.node(resize.node);
      const Shape& in = plan_.graph.type(node.inputs[0]).shape;
      const Shape& out = plan_.graph.type(node.output).shape;
      line("  f->" + doubles_field(plan_, resize.node) + " = qatc_doubles_height(" + c_extent(in[1]) + ", " +
           c_extent(out[1]) + ") && qatc_doubles_width(" + c_extent(in[2]) + ", " + c_extent(out[2]) + ");");
    }
    for (size_t i = 0; i < plan_.stages.size(); ++i) write_windows_layout(static_cast<int>(i));
    line("  size_t total = 0;");
    for (int b : placement_order(plan_)) {
      const Block& block = plan_.blocks[static_cast<size_t>(b)];
      const std::string id = c_number(b);
      std::string offset = "0";
      for (size_t i = 0; i < block.below.size(); ++i) {
        const std::string end = "end" + c_number(block.below[i]);
        offset = i == 0 ? end : "larger(" + offset + ", " + end + ")";
      }
      line("  const size_t offset" + id + " = " + offset + ", end" + id + " = offset" + id + " + " +
           block_bytes(block) + ";");
      line("  total = larger(total, end" + id + ");");
    }
    line("  if (arena == NULL) return total;");
    for (size_t b = 0; b < plan_.blocks.size(); ++b) {
      const Block& block = plan_.blocks[b];
      const std::string at = "arena + offset" + c_number(b);
      const std::string subject = c_number(block.subject);
      switch (block.kind) {
        case Block::Kind::kTensor:
          line("  qatc_place_tensor(&f->t" + subject + ", " + at + ");");
          break;
        case Block::Kind::kWindows:
          line("  f->windows" + subject + " = " + at + ";");
          break;
        case Block::Kind::kSums:
          line("  f->sums" + subject + " = (int32_t*)(void*)(" + at + ");");
          line("  f->squares" + subject + " = (int32_t*)(void*)(" + at + " + " + sums_bytes(block.subject) + ");");
          break;
        case Block::Kind::kCoefficients:
          line("  f->norm" + subject + " = qatc_place_norm(" + at + ", " +
               c_number(norm_channels(plan_, block.subject)) + ");");
          break;
        case Block::Kind::kMaps:
          write_maps(block.subject, at);
          break;
      }
    }
    line("  return total;");
    line("}");
    line();
  }

  void write_windows_layout(int index) {
    const Stage& stage = plan_.stages[static_cast<size_t>(index)];
    const std::string id = c_number(index);
    if (stage.windows.empty()) {
      if (stage.statistics.empty()) return;
      const std::string tensor = c_number(plan_.statistics[static_cast<size_t>(stage.statistics[0])].tensor);
      line("  f->band" + id + " = qatc_band_rows(qatc_row_bytes(&f->t" + tensor + "));");
      return;
    }
    std::vector<int> tensors;
    for (const Window& window : stage.windows) tensors.push_back(window.tensor);
    line("  f->band" + id + " = qatc_band_rows(" + widest_row(tensors) + ");");
    for (size_t base = 1; base < stage.bases.size(); ++base) write_base(stage, id, static_cast<int>(base));
    std::string bytes;
    for (const Window& window : stage.windows) {
      const std::string t = c_number(window.tensor);
      const std::string capacity = window_capacity_field(index, window.tensor);
      line("  f->" + capacity + " = " + base_rows(id, window.base) + " + " + c_number(window.before + window.after) +
           ";");
      bytes += (bytes.empty() ? "" : " + ") + ("qatc_window_bytes(&f->t" + t + ", f->" + capacity + ")");
    }
    const std::vector<int> scratch = scratch_tensors(stage);
    if (!scratch.empty()) bytes += " + qatc_align(" + widest_row(scratch) + ")";
    line("  f->stripe_bytes" + id + " = " + bytes + ";");
  }

  static std::string widest_row(const std::vector<int>& tensors) {
    std::string widest;
    for (int tensor : tensors) {
      const std::string bytes = "qatc_row_bytes(&f->t" + c_number(tensor) + ")";
      widest = widest.empty() ? bytes : "larger(" + widest + ", " + bytes + ")";
    }
    return widest;
  }

  /// See RowBase.
  static std::string base_rows(const std::string& stage, int base) {
    return base == 0 ? "f->band" + stage : "rows" + stage + "_base" + c_number(base);
  }

  void write_base(const Stage& stage, const std::string& id, int index) {
    const RowBase& base = stage.bases[static_cast<size_t>(index)];
    const std::string of = base_rows(id, base.of);
    std::string rows = "qatc_rows_strided(" + of + ", " + c_number(base.stride) + ")";
    if (base.kind == RowBase::Kind::kResize) {
      rows = "qatc_most_rows_shown(" + of + " + " + c_number(base.extra) + ", f->t" + c_number(base.tensor) +
             ".height, f->t" + c_number(base.result) + ".height)";
    }
    line("  const int32_t " + base_rows(id, index) + " = (int32_t)" + rows + ";");
  }

  void write_maps(int index, const std::string& at) {
    const Node& node = plan_.graph.node(plan_.resizes[static_cast<size_t>(index)].node);
    const auto& resize = std::get<Resize>(node.op);
    const Shape& out = plan_.graph.type(node.output).shape;
    const Shape& in = plan_.graph.type(node.inputs[0]).shape;
    const std::string id = c_number(index);
    line("  f->x_map" + id + " = (int32_t*)(void*)(" + at + ");");
    line("  f->y_map" + id + " = (int32_t*)(void*)(" + at + " + qatc_map_bytes(" + c_extent(out[2]) + "));");
    for (size_t axis = 0; axis < 2; ++axis) {
      // The step from one output index to the next is in/out by the sizes, or 1/scale.
      const bool by_scale = resize.numerator[axis] > 0;
      const std::string step = by_scale ? c_number(resize.denominator[axis]) + ", " + c_number(resize.numerator[axis])
                                        : c_extent(in[axis + 1]) + ", " + c_extent(out[axis + 1]);
      line("  qatc_resize_map(f->" + std::string(axis == 0 ? "y" : "x") + "_map" + id + ", " + c_extent(out[axis + 1]) +
           ", " + step + ", " + c_extent(in[axis + 1]) + ");");
    }
    if (!is_replaced(plan_.resizes[static_cast<size_t>(index)])) return;
    const std::string map = "f->" + row_map_field(plan_, plan_.resizes[static_cast<size_t>(index)].node);
    line("  " + map + ".shown = f->y_map" + id + ";");
    line("  " + map + ".in_height = " + c_extent(in[1]) + ";");
    line("  " + map + ".out_height = " + c_extent(out[1]) + ";");
  }

  std::ostream& out_;
  const Plan& plan_;
};

}  // namespace

std::string window_capacity_field(int stage, int tensor) {
  return "capacity" + c_number(stage) + "_" + c_number(tensor);
}

int resize_index(const Plan& plan, NodeId resize) {
  const auto found = std::find_if(plan.resizes.begin(), plan.resizes.end(),
                                  [&](const ResizeMaps& maps) { return maps.node == resize; });
  QATC_CHECK(found != plan.resizes.end(), "no maps of this resize");
  return static_cast<int>(found - plan.resizes.begin());
}

std::string row_map_field(const Plan& plan, NodeId resize) { return "row_map" + c_number(resize_index(plan, resize)); }

std::string doubles_field(const Plan& plan, NodeId resize) { return "doubles" + c_number(resize_index(plan, resize)); }

int64_t norm_channels(const Plan& plan, int statistics) {
  const int tensor = plan.statistics[static_cast<size_t>(statistics)].tensor;
  return storage_channels(plan.tensors[static_cast<size_t>(tensor)].channels);
}

void write_layout(std::ostream& out, const Plan& plan) { LayoutWriter(out, plan).run(); }

}  // namespace qatc
