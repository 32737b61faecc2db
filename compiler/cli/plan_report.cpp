#include "cli/plan_report.h"

#include <algorithm>
#include <array>
#include <utility>

#include "plan/arena.h"
#include "support/text.h"

namespace qatc {

namespace {

std::string shape_of(const PlanTensor& tensor) {
  return tensor.height.to_string() + " x " + tensor.width.to_string() + " x " + std::to_string(tensor.channels);
}

std::vector<std::string> tensor_names(const Plan& plan, const Stage& stage, const std::vector<int>& tensors) {
  std::vector<std::string> names;
  for (int tensor : tensors) {
    const std::string& name = plan.tensors[static_cast<size_t>(tensor)].name;
    const Window* window = window_of(stage, tensor);
    if (window == nullptr) {
      names.push_back(name);
    } else {
      names.push_back(window->writer == Window::kImage ? "the caller's image" : name + " (window)");
    }
    if (window != nullptr && window->readers.empty()) names.emplace_back("the caller's image");
  }
  return names;
}

std::string tensor_name(const Plan& plan, int tensor) { return plan.tensors[static_cast<size_t>(tensor)].name; }

std::string norm_name(const Plan& plan, int statistics) {
  return describe(plan.graph, plan.statistics[static_cast<size_t>(statistics)].node);
}

std::vector<Origin> without_repeats(const std::vector<Origin>& origins) {
  std::vector<Origin> once;
  for (const Origin& origin : origins) {
    if (std::find(once.begin(), once.end(), origin) == once.end()) once.push_back(origin);
  }
  return once;
}

std::string conv_text(const KernelConv& conv) {
  std::string text = "conv " + pair_text(conv.kernel);
  if (conv.stride != std::array<int64_t, 2>{1, 1}) text += " stride " + pair_text(conv.stride);
  if (conv.dilation != std::array<int64_t, 2>{1, 1}) text += " dilation " + pair_text(conv.dilation);
  if (conv.digits > 1) text += " float filter";
  return text;
}

std::string step_text(const KernelSpec& spec, const KernelStep& step) {
  switch (step.kind) {
    case KernelStep::Kind::kRequantize:
      return conv_text(spec.convs[static_cast<size_t>(step.conv)]);
    case KernelStep::Kind::kLoad:
      return "";
    case KernelStep::Kind::kResizeLoad:
      return "resize";
    case KernelStep::Kind::kMaxPool:
      return "max_pool " + pair_text(step.kernel);
    case KernelStep::Kind::kLookup:
      return "lookup";
    case KernelStep::Kind::kAdd:
      return "add";
    case KernelStep::Kind::kMul:
      return "mul";
    case KernelStep::Kind::kAffine:
      return "norm";
  }
  return "";
}

/// What a kernel computes, for people: its steps in order of first use, with how often.
std::string work_of(const KernelSpec& spec) {
  std::vector<std::pair<std::string, int>> work;
  for (const KernelStep& step : spec.steps) {
    const std::string text = step_text(spec, step);
    const auto same = std::find_if(work.begin(), work.end(), [&](const auto& w) { return w.first == text; });
    if (text.empty()) continue;
    if (same != work.end()) {
      ++same->second;
    } else {
      work.emplace_back(text, 1);
    }
  }
  std::string text = spec.image_channels > 0 ? "load pixels" : "";
  for (const auto& [what, count] : work) {
    text += (text.empty() ? "" : ", ") + (count > 1 ? std::to_string(count) + " " : "") + what;
  }
  if (text.empty()) text = "copy";
  return spec.summed >= 0 ? text + ", sums of rows" : text;
}

CallReport report_call(const Plan& plan, int stage, const KernelCall& call) {
  CallReport report;
  report.stage = stage;
  report.kernel = call.kernel;
  const KernelSpec& spec = plan.kernels[static_cast<size_t>(call.kernel)];
  report.does = work_of(spec);
  report.signature = signature(spec);
  if (call.upsampled) report.upsampled_kernel = call.upsampled->kernel;
  report.reads = tensor_names(plan, plan.stages[static_cast<size_t>(stage)], call.inputs);
  report.writes = tensor_names(plan, plan.stages[static_cast<size_t>(stage)], call.outputs);
  report.origins = without_repeats(call.origins);
  return report;
}

std::vector<CallReport> report_stage(const Plan& plan, int index) {
  const Stage& stage = plan.stages[static_cast<size_t>(index)];
  std::vector<CallReport> reports;
  switch (stage.kind) {
    case Stage::Kind::kLoadImage:
      reports.push_back({index, "load image", -1, "", {"the caller's image"}, {tensor_name(plan, stage.image)}, {}});
      break;
    case Stage::Kind::kStoreImage:
      reports.push_back({index, "store image", -1, "", {tensor_name(plan, stage.image)}, {"the caller's image"}, {}});
      break;
    case Stage::Kind::kNorm: {
      const Statistics& statistics = plan.statistics[static_cast<size_t>(stage.norm)];
      reports.push_back({index,
                         "norm coefficients",
                         -1,
                         "",
                         {"statistics of " + tensor_name(plan, statistics.tensor)},
                         {"coefficients"},
                         without_repeats(plan.graph.node(statistics.node).origins)});
      break;
    }
    case Stage::Kind::kKernels:
      for (const KernelCall& call : stage.calls) {
        reports.push_back(report_call(plan, index, call));
      }
      break;
  }
  return reports;
}

/// The stages with a call that reads the tensor.
std::vector<int> reading_stages(const Plan& plan, int tensor) {
  std::vector<int> stages;
  for (size_t i = 0; i < plan.stages.size(); ++i) {
    const std::vector<KernelCall>& calls = plan.stages[i].calls;
    const bool reads = std::any_of(calls.begin(), calls.end(), [&](const KernelCall& call) {
      return std::count(call.inputs.begin(), call.inputs.end(), tensor) > 0;
    });
    if (reads) stages.push_back(static_cast<int>(i));
  }
  return stages;
}

/// Why a tensor is not just passed on within a kernel or a window.
std::string reason_kept(const Plan& plan, int tensor) {
  for (size_t i = 0; i < plan.statistics.size(); ++i) {
    if (plan.statistics[i].tensor == tensor) return norm_name(plan, static_cast<int>(i)) + " needs all of it first";
  }
  const std::vector<int> stages = reading_stages(plan, tensor);
  std::string text;
  for (int stage : stages) text += (text.empty() ? "" : ", ") + std::to_string(stage);
  return (stages.size() > 1 ? "read by stages " : "read by stage ") + text;
}

std::vector<KeptTensorReport> report_kept(const Plan& plan) {
  std::vector<KeptTensorReport> kept;
  for (size_t t = 0; t < plan.tensors.size(); ++t) {
    const PlanTensor& tensor = plan.tensors[t];
    if (tensor.block < 0) continue;
    const Block& block = plan.blocks[static_cast<size_t>(tensor.block)];
    kept.push_back({tensor.name, shape_of(tensor), block.first, block.last, reason_kept(plan, static_cast<int>(t))});
  }
  return kept;
}

std::string block_name(const Plan& plan, const Block& block) {
  switch (block.kind) {
    case Block::Kind::kTensor:
      return tensor_name(plan, block.subject);
    case Block::Kind::kWindows:
      return "windows of stage " + std::to_string(block.subject);
    case Block::Kind::kSums:
      return "sums of " + norm_name(plan, block.subject);
    case Block::Kind::kCoefficients:
      return "coefficients of " + norm_name(plan, block.subject);
    case Block::Kind::kMaps:
      return "index maps of " + describe(plan.graph, plan.resizes[static_cast<size_t>(block.subject)].node);
  }
  return "";
}

int64_t bytes_in_use(const Plan& plan, int stage, const ImageSize& size) {
  int64_t bytes = 0;
  for (const Block& block : plan.blocks) {
    if (block.first <= stage && stage <= block.last) bytes += block_size(plan, block, size.height, size.width);
  }
  return bytes;
}

MemoryReport report_memory(const Plan& plan, const ImageSize& size) {
  MemoryReport report;
  report.height = size.height;
  report.width = size.width;
  report.is_supported = supports(plan, size.height, size.width);
  if (!report.is_supported) return report;
  report.multiply_adds = multiply_adds(plan, size.height, size.width);
  report.arena_bytes = arena_size(plan, size.height, size.width);
  int64_t most = -1;
  for (int stage = 0; stage < static_cast<int>(plan.stages.size()); ++stage) {
    const int64_t bytes = bytes_in_use(plan, stage, size);
    if (bytes > most) report.peak_stage = stage;
    most = std::max(most, bytes);
  }
  for (const Block& block : plan.blocks) {
    if (block.first > report.peak_stage || report.peak_stage > block.last) continue;
    report.alive.push_back({block_name(plan, block), block_size(plan, block, size.height, size.width)});
  }
  std::stable_sort(report.alive.begin(), report.alive.end(),
                   [](const AliveBlock& a, const AliveBlock& b) { return a.bytes > b.bytes; });
  return report;
}

/// At a size where edges and odd extents hardly count.
double multiply_adds_per_pixel(const Plan& plan) {
  const int64_t height = std::clamp<int64_t>(1024, plan.limits.min_height, plan.limits.max_height);
  const int64_t width = std::clamp<int64_t>(1024, plan.limits.min_width, plan.limits.max_width);
  return static_cast<double>(multiply_adds(plan, height, width)) / static_cast<double>(height * width);
}

}  // namespace

PlanReport report_plan(const Plan& plan, const std::vector<ImageSize>& sizes) {
  PlanReport report;
  const PlanTensor& input = plan.tensors[static_cast<size_t>(plan.input_tensor)];
  const PlanTensor& output = plan.tensors[static_cast<size_t>(plan.output_tensor)];
  report.input = shape_of(input);
  report.output = shape_of(output);
  report.limits = plan.limits;
  report.kernels = static_cast<int64_t>(plan.kernels.size());
  report.multiply_adds_per_pixel = multiply_adds_per_pixel(plan);
  for (size_t stage = 0; stage < plan.stages.size(); ++stage) {
    for (CallReport& call : report_stage(plan, static_cast<int>(stage))) report.calls.push_back(std::move(call));
  }
  report.kept = report_kept(plan);
  for (const ImageSize& size : sizes) report.memory.push_back(report_memory(plan, size));
  return report;
}

}  // namespace qatc
