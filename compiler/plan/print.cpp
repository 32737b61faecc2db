#include <sstream>

#include "plan/plan.h"

namespace qatc {

namespace {

// The text form of a plan, for people and golden tests; t1, k2, b3, s4 are indices of tensors, kernels, blocks and
// stages.
class PlanPrinter {
 public:
  explicit PlanPrinter(const Plan& plan) : plan_(plan) {}

  std::string run() {
    text_ << "plan '" << plan_.graph.name << "' " << (plan_.rounding == Rounding::kExact ? "exact" : "float") << "\n";
    const SizeLimits& limits = plan_.limits;
    text_ << "size " << limits.min_height << ".." << limits.max_height << " x " << limits.min_width << ".."
          << limits.max_width << "\n";
    for (size_t i = 0; i < plan_.kernels.size(); ++i) {
      text_ << "k" << i << ": " << signature(plan_.kernels[i]) << "\n";
    }
    for (size_t i = 0; i < plan_.tensors.size(); ++i) print_tensor(i);
    for (size_t i = 0; i < plan_.statistics.size(); ++i) {
      const int kernel = plan_.statistics[i].sums_kernel;
      text_ << "statistics " << i << ": of t" << plan_.statistics[i].tensor
            << (kernel < 0 ? "" : " by k" + std::to_string(kernel)) << "\n";
    }
    for (size_t i = 0; i < plan_.stages.size(); ++i) print_stage(i);
    for (size_t i = 0; i < plan_.blocks.size(); ++i) print_block(i);
    return text_.str();
  }

 private:
  void print_tensor(size_t index) {
    const PlanTensor& t = plan_.tensors[index];
    text_ << "t" << index << " '" << t.name << "': " << dtype_name(t.dtype) << "[" << t.height.to_string() << ", "
          << t.width.to_string() << ", " << t.channels << "]";
    if (t.border != std::array<int64_t, 4>{}) {
      text_ << " border [" << t.border[0] << ", " << t.border[1] << ", " << t.border[2] << ", " << t.border[3]
            << "] of " << t.zero_point;
    }
    if (t.gap > 0) text_ << " gap " << t.gap;
    text_ << (t.block < 0 ? " in windows" : " in b" + std::to_string(t.block)) << "\n";
  }

  void print_stage(size_t index) {
    const Stage& stage = plan_.stages[index];
    text_ << "s" << index << ":";
    switch (stage.kind) {
      case Stage::Kind::kLoadImage:
        text_ << " load image t" << stage.image;
        break;
      case Stage::Kind::kStoreImage:
        text_ << " store image t" << stage.image;
        break;
      case Stage::Kind::kNorm:
        text_ << " norm of statistics " << stage.norm;
        break;
      case Stage::Kind::kKernels:
        break;
    }
    for (size_t i = 0; i < stage.calls.size(); ++i) {
      const KernelCall& call = stage.calls[i];
      text_ << (i > 0 ? ";" : "") << list(call.outputs);
      if (call.slice_offset > 0) text_ << " from channel " << call.slice_offset;
      text_ << " = k" << call.kernel << "(" << list(call.inputs).substr(1) << ")";
      if (call.flat_rows) text_ << " flat";
      if (call.upsampled) text_ << " or k" << call.upsampled->kernel << "(t" << call.upsampled->image << ")";
    }
    if (stage.store_image) text_ << "; store image";
    text_ << "\n";
    for (const Window& window : stage.windows) print_window(stage, window);
    for (int i : stage.statistics) text_ << "  gathers statistics " << i << "\n";
  }

  void print_window(const Stage& stage, const Window& window) {
    text_ << "  window t" << window.tensor << ":";
    if (window.writer == Window::kImage) text_ << " of the image,";
    text_ << " rows " << base_text(stage, window.base);
    if (window.before + window.after > 0) text_ << " - " << window.before << " .. + " << window.after;
    text_ << "\n";
  }

  static std::string base_text(const Stage& stage, int index) {
    const RowBase& base = stage.bases[static_cast<size_t>(index)];
    if (base.kind == RowBase::Kind::kBand) return "y";
    const std::string of = base_text(stage, base.of);
    if (base.kind == RowBase::Kind::kStride) return std::to_string(base.stride) + " * " + of;
    return "resize(" + of + (base.extra > 0 ? " + " + std::to_string(base.extra) : "") + ")";
  }

  void print_block(size_t index) {
    const Block& block = plan_.blocks[index];
    text_ << "b" << index << ": ";
    switch (block.kind) {
      case Block::Kind::kTensor:
        text_ << "t" << block.subject;
        break;
      case Block::Kind::kWindows:
        text_ << "windows of s" << block.subject;
        break;
      case Block::Kind::kSums:
        text_ << "sums of statistics " << block.subject;
        break;
      case Block::Kind::kCoefficients:
        text_ << "coefficients of statistics " << block.subject;
        break;
      case Block::Kind::kMaps:
        text_ << "maps of resize " << block.subject;
        break;
    }
    text_ << ", s" << block.first << "..s" << block.last;
    for (size_t i = 0; i < block.below.size(); ++i) text_ << (i == 0 ? ", above b" : ", b") << block.below[i];
    text_ << "\n";
  }

  static std::string list(const std::vector<int>& tensors) {
    std::string text;
    for (int tensor : tensors) text += (text.empty() ? " t" : ", t") + std::to_string(tensor);
    return text;
  }

  const Plan& plan_;
  std::ostringstream text_;
};

}  // namespace

std::string print(const Plan& plan) { return PlanPrinter(plan).run(); }

}  // namespace qatc
