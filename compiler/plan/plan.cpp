#include "plan/plan.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "ops/requantize.h"
#include "plan/arena.h"
#include "plan/partition.h"
#include "support/error.h"

namespace qatc {

namespace {

using StepKind = KernelStep::Kind;
constexpr NodeId kNoNode{-1};
// The 16-bit form of a rounded value must hold it (see lower/steps.cpp).
constexpr double kInt16Range = 32767.0;

int64_t channels_of(const TensorType& type) { return type.shape.at(3).constant(); }

size_t filter_operand(const Conv2d& conv) { return static_cast<size_t>(conv.activations); }

/// Whether |acc * multiplier + bias| may exceed what int16 holds before saturation.
bool conv_needs_clamp(const Graph& graph, const Node& node) {
  const auto& conv = std::get<Conv2d>(node.op);
  const Value& filter = graph.value(node.inputs[filter_operand(conv)]);
  const Value& bias = graph.value(node.inputs[filter_operand(conv) + 1]);
  const QuantParams& quant = *filter.type.quant;
  const double scale_in = graph.type(node.inputs[0]).quant->scale_at(0);
  const double scale_out = graph.type(node.output).quant->scale_at(0);
  const int64_t outputs = filter.constant->shape[0];
  const int64_t taps = filter.constant->size() / outputs;
  for (int64_t o = 0; o < outputs; ++o) {
    double sum = 0;
    for (int64_t i = 0; i < taps; ++i) {
      sum += std::abs(double(filter.constant->integers[static_cast<size_t>(o * taps + i)]) - quant.zero_point_at(o));
    }
    const double bound = 255.0 * sum * scale_in * quant.scale_at(o) / scale_out +
                         std::abs(bias.constant->real[static_cast<size_t>(o)]) / scale_out;
    if (!(bound < kInt16Range)) return true;
  }
  return false;
}

bool binary_needs_clamp(const Graph& graph, const Node& node) {
  const double a = graph.type(node.inputs[0]).quant->scale_at(0);
  const double b = graph.type(node.inputs[1]).quant->scale_at(0);
  const double out = graph.type(node.output).quant->scale_at(0);
  const double bound = std::holds_alternative<Add>(node.op) ? 255.0 * (a + b) / out : 255.0 * 255.0 * a * b / out;
  return !(bound < kInt16Range);
}

class Planner {
 public:
  Planner(const Graph& graph, Rounding rounding) {
    plan_.graph = graph;
    plan_.rounding = rounding;
  }

  Plan run() {
    groups_ = partition(graph());
    make_tensors();
    for (const KernelGroup& group : groups_) make_calls(group);
    find_limits();
    make_stages();
    make_blocks();
    lay_out_arena(plan_);
    return std::move(plan_);
  }

 private:
  const Graph& graph() const { return plan_.graph; }
  PlanTensor& tensor(int id) { return plan_.tensors[static_cast<size_t>(id)]; }
  int tensor_of(ValueId value) const { return tensor_of_.at(value); }

  // ---- Tensors: values that pass between kernels, or to and from the app.

  void make_tensors() {
    const std::vector<NodeId> order = graph().schedule_order();
    std::map<NodeId, size_t> group_of;
    for (size_t g = 0; g < groups_.size(); ++g) {
      for (NodeId node : groups_[g]) group_of[node] = g;
    }
    for (NodeId id : order) {
      const Node& node = graph().node(id);
      if (std::holds_alternative<Quantize>(node.op)) {
        QATC_CHECK(plan_.input_tensor < 0, "more than one quantized image input");
        plan_.input_tensor = make_tensor(node.output);
        continue;
      }
      const auto group = group_of.find(id);
      if (group == group_of.end()) continue;
      const std::vector<NodeId> users = graph().users(node.output);
      const bool leaves = std::any_of(users.begin(), users.end(), [&](NodeId user) {
        const auto other = group_of.find(user);
        return other == group_of.end() || other->second != group->second || reads_memory(user);
      });
      if (leaves) make_tensor(node.output);
    }
    for (NodeId id : order) {
      if (std::holds_alternative<Dequantize>(graph().node(id).op))
        plan_.output_tensor = tensor_of(graph().node(id).inputs[0]);
    }
    QATC_CHECK(plan_.input_tensor >= 0 && plan_.output_tensor >= 0, "no quantized image in or out");
  }

  /// Ops that begin a kernel read their activations from memory.
  bool reads_memory(NodeId id) const {
    const Op& op = graph().node(id).op;
    return !std::holds_alternative<Lookup>(op) && !std::holds_alternative<Add>(op) && !std::holds_alternative<Mul>(op);
  }

  int make_tensor(ValueId value) {
    const TensorType& type = graph().type(value);
    PlanTensor tensor;
    tensor.value = value;
    tensor.name = graph().value(value).name;
    tensor.dtype = type.dtype;
    tensor.channels = channels_of(type);
    tensor.height = type.shape.at(1);
    tensor.width = type.shape.at(2);
    tensor.zero_point = type.quant->zero_point_at(0);
    plan_.tensors.push_back(tensor);
    tensor_of_[value] = static_cast<int>(plan_.tensors.size()) - 1;
    return tensor_of_[value];
  }

  // ---- Kernels.

  /// Specs and calls in the making.
  struct Draft {
    KernelSpec spec;
    KernelCall call;
    std::map<ValueId, int> step_of;
  };

  int add_input(Draft& draft, ValueId value) {
    const int id = tensor_of(value);
    const auto found = std::find(draft.call.inputs.begin(), draft.call.inputs.end(), id);
    if (found != draft.call.inputs.end()) return static_cast<int>(found - draft.call.inputs.begin());
    draft.call.inputs.push_back(id);
    draft.spec.inputs.push_back(storage_channels(tensor(id).channels));
    return static_cast<int>(draft.call.inputs.size()) - 1;
  }

  static int add_step(Draft& draft, KernelStep step, NodeId node) {
    draft.spec.steps.push_back(step);
    draft.call.step_nodes.push_back(node);
    return static_cast<int>(draft.spec.steps.size()) - 1;
  }

  int operand(Draft& draft, ValueId value) {
    const auto found = draft.step_of.find(value);
    if (found != draft.step_of.end()) return found->second;
    KernelStep load{StepKind::kLoad};
    load.input = add_input(draft, value);
    return draft.step_of[value] = add_step(draft, load, kNoNode);
  }

  void widen_border(ValueId value, const std::array<int64_t, 4>& pad) {
    std::array<int64_t, 4>& border = tensor(tensor_of(value)).border;
    for (size_t i = 0; i < 4; ++i) border[i] = std::max(border[i], pad[i]);
  }

  int add_conv(Draft& draft, NodeId id) {
    const Node& node = graph().node(id);
    const auto& op = std::get<Conv2d>(node.op);
    const Value& filter = graph().value(node.inputs[filter_operand(op)]);
    KernelConv conv;
    for (int64_t i = 0; i < op.activations; ++i) {
      const ValueId activation = node.inputs[static_cast<size_t>(i)];
      conv.inputs.push_back(add_input(draft, activation));
      widen_border(activation, op.pad);
    }
    conv.kernel = {filter.constant->shape[1], filter.constant->shape[2]};
    conv.stride = op.stride;
    conv.dilation = op.dilation;
    conv.pad = {op.pad[0], op.pad[1]};
    conv.digits = needs_digits(filter) ? kFixedPointDigits : 1;
    conv.exact = conv_rounding(filter.type.dtype, Rounding::kFloat) == Rounding::kExact;
    draft.spec.convs.push_back(conv);
    draft.call.conv_nodes.push_back(id);
    KernelStep step{StepKind::kRequantize};
    step.conv = static_cast<int>(draft.spec.convs.size()) - 1;
    step.clamp = conv_needs_clamp(graph(), node);
    return add_step(draft, step, id);
  }

  static bool needs_digits(const Value& filter) {
    const int64_t taps = filter.constant->size() / filter.constant->shape[0];
    for (size_t i = 0; i < filter.constant->integers.size(); ++i) {
      const int64_t o = static_cast<int64_t>(i) / taps;
      const int64_t w = int64_t{filter.constant->integers[i]} - filter.type.quant->zero_point_at(o);
      if (w < -128 || w > 127) return true;
    }
    return false;
  }

  int add_node(Draft& draft, NodeId id) {
    const Node& node = graph().node(id);
    if (std::holds_alternative<Conv2d>(node.op)) return add_conv(draft, id);
    KernelStep step{StepKind::kLookup};
    if (std::holds_alternative<Lookup>(node.op)) {
      step.a = operand(draft, node.inputs[0]);
    } else if (std::holds_alternative<Add>(node.op) || std::holds_alternative<Mul>(node.op)) {
      step.kind = std::holds_alternative<Add>(node.op) ? StepKind::kAdd : StepKind::kMul;
      step.a = operand(draft, node.inputs[0]);
      step.b = operand(draft, node.inputs[1]);
      step.clamp = binary_needs_clamp(graph(), node);
    } else if (std::holds_alternative<InstanceNorm>(node.op)) {
      step.kind = StepKind::kAffine;
      step.a = operand(draft, node.inputs[0]);
    } else if (const auto* pool = std::get_if<MaxPool>(&node.op)) {
      step.kind = StepKind::kMaxPool;
      step.input = add_input(draft, node.inputs[0]);
      step.kernel = pool->kernel;
      step.stride = pool->stride;
      step.pad = {pool->pad[0], pool->pad[1]};
      step.clamp_to_edge = pool->pad != std::array<int64_t, 4>{};
    } else if (std::holds_alternative<Resize>(node.op)) {
      step.kind = StepKind::kResizeLoad;
      step.input = add_input(draft, node.inputs[0]);
    } else {
      QATC_CHECK(false, "op has no kernel: " + std::string(op_name(node.op)));
    }
    return add_step(draft, step, id);
  }

  void make_calls(const KernelGroup& group) {
    if (std::holds_alternative<Concat>(graph().node(group.front()).op)) {
      make_concat_calls(group.front());
      return;
    }
    Draft draft;
    for (NodeId id : group) {
      const Node& node = graph().node(id);
      draft.step_of[node.output] = add_node(draft, id);
      draft.call.origins.insert(draft.call.origins.end(), node.origins.begin(), node.origins.end());
      draft.spec.out_channels = storage_channels(channels_of(graph().type(node.output)));
      const auto stored = tensor_of_.find(node.output);
      if (stored == tensor_of_.end()) continue;
      draft.spec.outputs.push_back(draft.step_of[node.output]);
      draft.call.outputs.push_back(stored->second);
    }
    draft.spec.out_pixel_stride = draft.spec.out_channels;
    finish({draft});
  }

  /// One copy per operand into its slice of the result.
  void make_concat_calls(NodeId id) {
    const Node& node = graph().node(id);
    const int out = tensor_of(node.output);
    int64_t offset = 0;
    std::vector<Draft> drafts;
    for (ValueId input : node.inputs) {
      Draft draft;
      draft.spec.out_channels = channels_of(graph().type(input));
      draft.spec.out_pixel_stride = storage_channels(tensor(out).channels);
      draft.spec.outputs = {operand(draft, input)};
      draft.call.outputs = {out};
      draft.call.origins = node.origins;
      draft.call.slice_offset = offset;
      offset += draft.spec.out_channels;
      drafts.push_back(draft);
    }
    finish(drafts);
  }

  int kernel_index(KernelSpec spec) {
    spec.rounding = plan_.rounding;
    const auto found = std::find(plan_.kernels.begin(), plan_.kernels.end(), spec);
    if (found != plan_.kernels.end()) return static_cast<int>(found - plan_.kernels.begin());
    plan_.kernels.push_back(spec);
    return static_cast<int>(plan_.kernels.size()) - 1;
  }

  /// Appends the calls of one group as `pieces_`: the unit that stages are chained from.
  void finish(const std::vector<Draft>& drafts) {
    Stage piece;
    for (const Draft& draft : drafts) {
      KernelCall call = draft.call;
      call.kernel = kernel_index(draft.spec);
      piece.calls.push_back(call);
    }
    pieces_.push_back(piece);
  }

  // ---- Sizes.

  void find_limits() {
    plan_.limits = {smallest(Extent::Symbol::kHeight), largest(Extent::Symbol::kHeight),
                    smallest(Extent::Symbol::kWidth), largest(Extent::Symbol::kWidth)};
    const TensorType& input = graph().type(graph().inputs().at(0));
    if (input.shape[1].is_constant()) plan_.limits.min_height = plan_.limits.max_height = input.shape[1].constant();
    if (input.shape[2].is_constant()) plan_.limits.min_width = plan_.limits.max_width = input.shape[2].constant();
  }

  /// The largest image side at which every tensor's side stays within kMaxTensorSide.
  int64_t largest(Extent::Symbol symbol) const {
    int64_t size = kMaxImageSide;
    for (const PlanTensor& tensor : plan_.tensors) {
      for (const Extent& extent : {tensor.height, tensor.width}) {
        while (extent.symbol() == symbol && size > 1 && extent.evaluate(size, size) > kMaxTensorSide) --size;
        if (extent.is_constant() && extent.constant() > kMaxTensorSide) {
          throw UserError("tensor '" + tensor.name + "' has a side of " + extent.to_string() +
                          " pixels; the largest supported is " + std::to_string(kMaxTensorSide));
        }
      }
    }
    return size;
  }

  /// Extents do not shrink when the image grows, so the first size at which all are positive is the minimum.
  int64_t smallest(Extent::Symbol symbol) const {
    for (int64_t size = 1; size <= kMaxImageSide; ++size) {
      bool works = true;
      for (NodeId id : graph().schedule_order()) {
        for (const Extent& extent : graph().type(graph().node(id).output).shape) {
          if (extent.symbol() == symbol && extent.evaluate(size, size) < 1) works = false;
        }
      }
      if (works) return size;
    }
    throw UserError("no image size gives every tensor at least one pixel");
  }

  // ---- Stages.

  /// How many pieces read a tensor.
  int readers(int id) const {
    int count = 0;
    for (const Stage& piece : pieces_) {
      count += std::any_of(piece.calls.begin(), piece.calls.end(), [&](const KernelCall& call) {
        return std::find(call.inputs.begin(), call.inputs.end(), id) != call.inputs.end();
      });
    }
    return count;
  }

  bool has_norm(int id) const {
    for (NodeId user : graph().users(plan_.tensors[static_cast<size_t>(id)].value)) {
      if (std::holds_alternative<InstanceNorm>(graph().node(user).op)) return true;
    }
    return false;
  }

  /// The rows of input `id` that `call` reads, if one window can serve it.
  std::optional<RowsNeeded> rows_needed(const KernelCall& call, int id) const {
    const KernelSpec& spec = plan_.kernels[static_cast<size_t>(call.kernel)];
    std::optional<RowsNeeded> result;
    bool fits = true;
    const auto need = [&](const RowsNeeded& rows) {
      if (!result) {
        result = rows;
        return;
      }
      fits = fits && result->resize == rows.resize && result->stride == rows.stride;
      result->before = std::max(result->before, rows.before);
      result->after = std::max(result->after, rows.after);
    };
    const auto is_input = [&](int input) { return input >= 0 && call.inputs[static_cast<size_t>(input)] == id; };
    for (const KernelConv& conv : spec.convs) {
      if (std::none_of(conv.inputs.begin(), conv.inputs.end(), is_input)) continue;
      need({false, conv.stride[0], conv.pad[0], (conv.kernel[0] - 1) * conv.dilation[0] - conv.pad[0]});
    }
    for (const KernelStep& step : spec.steps) {
      if (!is_input(step.input)) continue;
      if (step.kind == StepKind::kLoad) need({});
      if (step.kind == StepKind::kResizeLoad) need({true, 1, 0, 0});
      // A pool that clamps to the edge reads rows near it out of order.
      if (step.kind == StepKind::kMaxPool) {
        fits = fits && !step.clamp_to_edge;
        need({false, step.stride[0], step.pad[0], step.kernel[0] - 1 - step.pad[0]});
      }
    }
    if (!fits || !result || result->after < 0 || result->before < 0) return std::nullopt;
    return result;
  }

  /// Whether the only use of the piece's only result is the next piece's kernel, so that rows can be handed over.
  bool can_chain(const Stage& piece, const Stage& next) const {
    if (piece.calls.size() != 1 || piece.kind != Stage::Kind::kKernels || next.calls.empty()) return false;
    const std::vector<int>& outputs = piece.calls.back().outputs;
    if (outputs.size() != 1 || outputs[0] == plan_.output_tensor || readers(outputs[0]) != 1 || has_norm(outputs[0]))
      return false;
    const KernelCall& reader = next.calls.front();
    if (std::find(reader.inputs.begin(), reader.inputs.end(), outputs[0]) == reader.inputs.end()) return false;
    return rows_needed(reader, outputs[0]).has_value();
  }

  void make_stages() {
    Stage load;
    load.kind = Stage::Kind::kLoadImage;
    load.image = plan_.input_tensor;
    plan_.stages.push_back(load);
    attach_statistics(plan_.stages.back(), {plan_.input_tensor});
    std::vector<bool> used(pieces_.size(), false);
    // Backwards, each piece takes the chain of pieces that only feed it; then the chains run in the order of their
    // ends.
    std::vector<std::vector<size_t>> chains;
    for (size_t last = pieces_.size(); last-- > 0;) {
      if (used[last]) continue;
      std::vector<size_t> chain{last};
      used[last] = true;
      for (bool grown = pieces_[last].calls.size() == 1; grown;) {
        grown = false;
        for (size_t candidate = chain.front(); candidate-- > 0 && !grown;) {
          if (used[candidate] || !can_chain(pieces_[candidate], pieces_[chain.front()])) continue;
          chain.insert(chain.begin(), candidate);
          used[candidate] = grown = true;
        }
      }
      chains.push_back(chain);
    }
    std::reverse(chains.begin(), chains.end());
    for (const std::vector<size_t>& chain : chains) make_stage(chain);
    if (!plan_.stages.back().store_image) {
      Stage store;
      store.kind = Stage::Kind::kStoreImage;
      store.image = plan_.output_tensor;
      plan_.stages.push_back(store);
    }
  }

  void make_stage(const std::vector<size_t>& chain) {
    Stage stage;
    for (size_t piece : chain) {
      for (const KernelCall& call : pieces_[piece].calls) {
        for (NodeId id : call.step_nodes) {
          if (id != kNoNode && std::holds_alternative<InstanceNorm>(graph().node(id).op)) make_norm_stage(id);
        }
        stage.calls.push_back(call);
      }
    }
    for (size_t i = 0; i + 1 < chain.size(); ++i) {
      const int window = stage.calls[i].outputs.front();
      tensor(window).window = true;
      stage.windows.push_back(window);
      stage.rows_needed.push_back(*rows_needed(stage.calls[i + 1], window));
    }
    const bool last_of_all = chain.back() + 1 == pieces_.size();
    const std::vector<int>& outputs = stage.calls.back().outputs;
    if (last_of_all && stage.calls.size() == chain.size() && outputs == std::vector<int>{plan_.output_tensor} &&
        readers(outputs[0]) == 0) {
      tensor(outputs[0]).window = true;
      stage.windows.push_back(outputs[0]);
      stage.store_image = true;
    }
    attach_statistics(stage, outputs);
    plan_.stages.push_back(stage);
  }

  void make_norm_stage(NodeId id) {
    Stage norm;
    norm.kind = Stage::Kind::kNorm;
    for (size_t i = 0; i < plan_.statistics.size(); ++i) {
      if (plan_.statistics[i].node == id) norm.norm = static_cast<int>(i);
    }
    QATC_CHECK(norm.norm >= 0, "statistics of a norm are not gathered before it");
    plan_.stages.push_back(norm);
  }

  void attach_statistics(Stage& stage, const std::vector<int>& made) {
    for (int id : made) {
      for (NodeId user : graph().users(tensor(id).value)) {
        if (!std::holds_alternative<InstanceNorm>(graph().node(user).op)) continue;
        KernelSpec sums;
        sums.channel_sums = true;
        sums.inputs = {storage_channels(tensor(id).channels)};
        sums.out_channels = sums.out_pixel_stride = sums.inputs[0];
        Statistics statistics;
        statistics.node = user;
        statistics.tensor = id;
        statistics.sums_kernel = kernel_index(sums);
        stage.statistics.push_back(static_cast<int>(plan_.statistics.size()));
        plan_.statistics.push_back(statistics);
      }
    }
  }

  // ---- Arena.

  int add_block(Block::Kind kind, int subject, int first) {
    plan_.blocks.push_back({kind, subject, first, first, {}});
    return static_cast<int>(plan_.blocks.size()) - 1;
  }

  void make_blocks() {
    const auto extend = [&](int block, size_t stage) {
      plan_.blocks[static_cast<size_t>(block)].last = static_cast<int>(stage);
    };
    for (size_t s = 0; s < plan_.stages.size(); ++s) {
      Stage& stage = plan_.stages[s];
      const auto made = [&](int id) {
        if (!tensor(id).window && tensor(id).block < 0)
          tensor(id).block = add_block(Block::Kind::kTensor, id, static_cast<int>(s));
      };
      const auto read = [&](int id) {
        if (!tensor(id).window) extend(tensor(id).block, s);
      };
      if (stage.kind == Stage::Kind::kLoadImage) made(stage.image);
      if (stage.kind == Stage::Kind::kStoreImage) read(stage.image);
      for (const KernelCall& call : stage.calls) {
        std::for_each(call.inputs.begin(), call.inputs.end(), read);
        std::for_each(call.outputs.begin(), call.outputs.end(), made);
        for (NodeId id : call.step_nodes) {
          if (id != kNoNode && std::holds_alternative<Resize>(graph().node(id).op)) {
            // The maps are made before the first stage.
            plan_.resizes.push_back({id, add_block(Block::Kind::kMaps, static_cast<int>(plan_.resizes.size()), 0)});
            extend(plan_.resizes.back().block, s);
          }
          for (Statistics& statistics : plan_.statistics) {
            if (statistics.node == id && statistics.coefficients_block >= 0) extend(statistics.coefficients_block, s);
          }
        }
      }
      for (int i : stage.statistics) {
        plan_.statistics[static_cast<size_t>(i)].sums_block = add_block(Block::Kind::kSums, i, static_cast<int>(s));
      }
      if (stage.norm >= 0) {
        Statistics& statistics = plan_.statistics[static_cast<size_t>(stage.norm)];
        extend(statistics.sums_block, s);
        statistics.coefficients_block = add_block(Block::Kind::kCoefficients, stage.norm, static_cast<int>(s));
      }
      if (!stage.windows.empty()) add_block(Block::Kind::kWindows, static_cast<int>(s), static_cast<int>(s));
    }
  }

  Plan plan_;
  std::vector<KernelGroup> groups_;
  std::map<ValueId, int> tensor_of_;
  std::vector<Stage> pieces_;
};

}  // namespace

Plan make_plan(const Graph& graph, Rounding rounding) {
  Plan plan = Planner(graph, rounding).run();
  const SizeLimits& limits = plan.limits;
  if (!supports(plan, limits.min_height, limits.min_width)) {
    throw UserError("an image of " + std::to_string(limits.min_height) + "x" + std::to_string(limits.min_width) +
                    " pixels needs tensors above 2^31 - 1 bytes");
  }
  return plan;
}

int64_t multiply_adds(const Plan& plan, int64_t height, int64_t width) {
  int64_t total = 0;
  for (NodeId id : plan.graph.schedule_order()) {
    const Node& node = plan.graph.node(id);
    const auto* conv = std::get_if<Conv2d>(&node.op);
    if (conv == nullptr) continue;
    const TensorType& out = plan.graph.type(node.output);
    const Tensor& filter = *plan.graph.value(node.inputs[filter_operand(*conv)]).constant;
    total += out.shape[1].evaluate(height, width) * out.shape[2].evaluate(height, width) * filter.size();
  }
  return total;
}

}  // namespace qatc
