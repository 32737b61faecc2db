#include "emit/driver_stages.h"

#include <algorithm>
#include <functional>

#include "emit/c_text.h"
#include "emit/constants.h"
#include "emit/driver_layout.h"
#include "emit/symbols.h"
#include "ops/requantize.h"
#include "plan/kernel_argument.h"
#include "plan/loads.h"
#include "support/error.h"

namespace qatc {

namespace {

using ArgumentKind = KernelArgument::Kind;

class StageWriter {
 public:
  StageWriter(std::ostream& out, const Plan& plan, const std::string& name) : out_(out), plan_(plan), name_(name) {}

  void run() {
    int call = 0;
    for (const Stage& stage : plan_.stages) {
      first_call_.push_back(call);
      call += static_cast<int>(stage.calls.size());
    }
    for (size_t i = 0; i < plan_.stages.size(); ++i) write_stage(static_cast<int>(i));
  }

 private:
  void line(const std::string& text = "") { out_ << text << "\n"; }

  void write_stage(int index) {
    const Stage& stage = plan_.stages[static_cast<size_t>(index)];
    const std::string id = c_number(index);
    switch (stage.kind) {
      case Stage::Kind::kNorm:
        write_norm_stage(stage, id);
        return;
      case Stage::Kind::kLoadImage:
        write_load_stage(stage, id);
        return;
      case Stage::Kind::kStoreImage:
        write_store_stage(stage, id);
        return;
      case Stage::Kind::kKernels:
        write_kernel_stage(stage, index);
        return;
    }
  }

  void write_kernel_stage(const Stage& stage, int index) {
    const std::string id = c_number(index);
    for (const KernelCall& call : stage.calls) {
      for (const Origin& origin : call.origins)
        line("/* '" + c_comment(origin.name) + "' (" + c_comment(origin.op_type) + ") */");
    }
    line("static void stage" + id + "(void* data, int32_t stripe) {");
    line("  const frame* const f = data;");
    write_split("f->t" + c_number(split_tensor(plan_, stage)) + ".height");
    write_windows(stage, index);
    const bool is_banded = !stage.windows.empty() || !stage.statistics.empty();
    const std::string indent = is_banded ? "    " : "  ";
    if (is_banded) {
      line("  for (int32_t y = begin; y < end; y += f->band" + id + ") {");
      line("    const qatc_rows band = {y, end - y < f->band" + id + " ? end : y + f->band" + id + "};");
    } else {
      line("  const qatc_rows band = {begin, end};");
    }
    for (size_t call = stage.calls.size(); call-- > 0;) write_rows(stage, static_cast<int>(call), indent);
    write_rows(stage, Window::kImage, indent);
    for (size_t call = 0; call < stage.calls.size(); ++call) {
      write_call(stage, static_cast<int>(call), first_call_[static_cast<size_t>(index)], indent);
    }
    if (stage.store_image) {
      const std::string t = "w" + c_number(plan_.output_tensor) + ".tensor";
      line(indent + "qatc_store_image(f->output, " + t + ".origin, " + t + ".row_stride, " + t + ".pixel_bytes, " +
           "&dequantizer, band.begin, band.end);");
    }
    if (is_banded) line("  }");
    line("}");
    line();
  }

  void write_split(const std::string& rows) {
    line("  int32_t begin, end;");
    line("  qatc_split_rows(" + rows + ", f->stripes, stripe, &begin, &end);");
  }

  void write_windows(const Stage& stage, int index) {
    if (stage.windows.empty()) return;
    const std::string id = c_number(index);
    const bool has_scratch = !scratch_tensors(stage).empty();
    line("  uint8_t* memory = f->windows" + id + " + (size_t)stripe * f->stripe_bytes" + id + ";");
    for (const Window& window : stage.windows) {
      const std::string t = c_number(window.tensor);
      const std::string capacity = "f->" + window_capacity_field(index, window.tensor);
      line("  qatc_window w" + t + " = qatc_open_window(&f->t" + t + ", memory, " + capacity + ");");
      if (&window != &stage.windows.back() || has_scratch) {
        line("  memory += qatc_window_bytes(&f->t" + t + ", " + capacity + ");");
      }
    }
  }

  /// Which variable of the stage's code holds the rows that a writer (Window::writer) computes now.
  enum class Rows : uint8_t {
    kBand,    // it fills no window: the stage's band
    kImage,   // those loaded from the caller's image
    kOfCall,  // those of one call, which fills windows
  };

  static Rows rows_of(const Stage& stage, int writer) {
    const bool has_window = std::any_of(stage.windows.begin(), stage.windows.end(),
                                        [&](const Window& window) { return window.writer == writer; });
    if (!has_window) return Rows::kBand;
    return writer == Window::kImage ? Rows::kImage : Rows::kOfCall;
  }

  static std::string rows_variable(const Stage& stage, int writer) {
    switch (rows_of(stage, writer)) {
      case Rows::kBand:
        return "band";
      case Rows::kImage:
        return "image";
      case Rows::kOfCall:
        return "rows" + c_number(writer);
    }
    QATC_CHECK(false, "unknown rows");
  }

  /// The rows that a call computes now: those that readers of its windows want and the windows do not hold yet.
  void write_rows(const Stage& stage, int writer, const std::string& indent) {
    if (rows_of(stage, writer) == Rows::kBand) return;
    const std::string rows = rows_variable(stage, writer);
    std::string needed;
    const auto join = [&](const std::string& more) {
      needed = needed.empty() || needed == more ? more : "qatc_join_rows(" + needed + ", " + more + ")";
    };
    const bool is_call = writer != Window::kImage;
    if (is_call && !stored_outputs(stage, stage.calls[static_cast<size_t>(writer)]).empty()) join("band");
    for (const Window& window : stage.windows) {
      if (window.writer != writer) continue;
      if (window.readers.empty()) join("band");
      for (const Window::Reader& reader : window.readers) join(rows_read(stage, reader));
    }
    if (is_call && stage.calls[static_cast<size_t>(writer)].upsampled) {
      needed = "qatc_whole_pairs(" + needed + ", " + row_map(stage.calls[static_cast<size_t>(writer)]) + ")";
    }
    bool is_first = true;
    for (const Window& window : stage.windows) {
      if (window.writer != writer) continue;
      const std::string w = "&w" + c_number(window.tensor);
      if (is_first) {
        line(indent + "const qatc_rows " + rows + "_needed = " + needed + ";");
        line(indent + "const qatc_rows " + rows + " = qatc_advance_window(" + w + ", " + rows + "_needed);");
      } else {
        line(indent + "qatc_advance_window(" + w + ", " + rows + "_needed);");
      }
      is_first = false;
    }
    if (is_call) return;
    const std::string t = "w" + c_number(plan_.input_tensor) + ".tensor";
    if (loading_call(plan_, stage) != nullptr) {
      line(indent + "const qatc_rows unloaded = qatc_leave_pixels(f->input, &" + t + ", &quantizer, " + rows + ");");
      return;
    }
    line(indent + "qatc_load_image(f->input, " + t + ".origin, " + t + ".row_stride, " + t +
         ".pixel_bytes, &quantizer, " + rows + ".begin, " + rows + ".end);");
  }

  std::string rows_read(const Stage& stage, const Window::Reader& reader) const {
    std::string rows = rows_variable(stage, reader.call);
    const RowsNeeded& needed = reader.rows;
    const KernelCall& call = stage.calls[static_cast<size_t>(reader.call)];
    if (needed.kind == RowsNeeded::Kind::kResize) {
      return "qatc_rows_read_by_resize(" + rows + ", f->y_map" + c_number(resize_of(call)) + ")";
    }
    if (needed.kind == RowsNeeded::Kind::kUpsampled) {
      return "qatc_rows_if(" + doubles(call) + ", qatc_rows_read_by_upsampled_conv(" + rows + ", " + row_map(call) +
             "))";
    }
    if (needed == RowsNeeded{}) return rows;
    const std::string read = "qatc_rows_read(" + rows + ", " + c_number(needed.stride) + ", " +
                             c_number(needed.before) + ", " + c_number(needed.after) + ")";
    // The upsampled image, the only input of such a call, is not made then.
    return call.upsampled ? "qatc_rows_if(!" + doubles(call) + ", " + read + ")" : read;
  }

  int resize_of(const KernelCall& call) const {
    const auto found = std::find_if(call.step_nodes.begin(), call.step_nodes.end(), [&](NodeId id) {
      return id != kNoNode && std::holds_alternative<Resize>(plan_.graph.node(id).op);
    });
    QATC_CHECK(found != call.step_nodes.end(), "no resize in this call");
    return resize_index(plan_, *found);
  }

  int statistics_of(NodeId node) const {
    for (size_t i = 0; i < plan_.statistics.size(); ++i) {
      if (plan_.statistics[i].node == node) return static_cast<int>(i);
    }
    QATC_CHECK(false, "no statistics of this norm");
  }

  void write_call(const Stage& stage, int index, int first_call, std::string indent) {
    const KernelCall& call = stage.calls[static_cast<size_t>(index)];
    const int call_index = first_call + index;
    const std::vector<int> finished = finished_tensors(stage, index);
    const bool in_parts = needs_scratch(stage, call);
    std::string rows = rows_variable(stage, index);
    if (in_parts) {
      // Rows before the thread's own, its own, and those behind.
      line(indent + "for (int32_t part = -1; part <= 1; ++part) {");
      line(indent + "  const qatc_rows some = qatc_part_of_rows(" + rows + ", begin, end, part);");
      rows = "some";
      indent += "  ";
    }
    line(indent + "if (" + rows + ".begin < " + rows + ".end) {");
    if (call.upsampled) {
      line(indent + "  if (" + doubles(call) + ") {");
      write_upsampled(stage, call, call_index, rows, indent + "    ");
      line(indent + "  } else {");
      write_kernel(stage, call, call_index, rows, indent + "    ");
      line(indent + "  }");
    } else {
      write_kernel(stage, call, call_index, rows, indent + "  ");
    }
    if (in_parts && !finished.empty()) line(indent + "  if (part != 0) continue;");
    for (int tensor : finished) {
      line(indent + "  qatc_pad_rows(&f->t" + c_number(tensor) + ", " + rows + ".begin, " + rows + ".end);");
      write_sums(stage, tensor, rows, indent + "  ");
    }
    line(indent + "}");
    if (in_parts) line(indent.substr(2) + "}");
  }

  void write_kernel(const Stage& stage, const KernelCall& call, int call_index, const std::string& rows,
                    const std::string& indent) {
    const auto bind_buffer = [&](const KernelArgument& argument) {
      return bind(stage, call, call_index, argument, rows, "&" + argument_name(argument));
    };
    if (!call.flat_rows) return write_kernel_call(call, call_index, call.kernel, indent, bind_buffer);
    // The borders of stored tensors are filled behind every call that writes them.
    std::string refill;
    for (int id : call.outputs) {
      const PlanTensor& tensor = plan_.tensors[static_cast<size_t>(id)];
      if (window_of(stage, id) == nullptr || tensor.border[1] + tensor.border[3] == 0) continue;
      refill += " qatc_fill_sides(" + tensor_ref(stage, id) + ", " + rows + ".begin, " + rows + ".end);";
    }
    const bool is_asked = !refill.empty() || call.statistics >= 0;
    // Outputs of a call have the same rows and pitch: all are flat, or none is.
    std::string flatten = is_asked ? "const int flat = " : "";
    for (size_t i = 0; i < call.outputs.size(); ++i) {
      flatten += std::string(i == 0 ? "" : " ") + "qatc_flatten_rows(&out" + c_number(i) + ", " +
                 flat_row_tiles_symbol(name_) + "[" + c_number(call.kernel) + "]);";
    }
    write_kernel_call(call, call_index, call.kernel, indent, bind_buffer, flatten);
    if (!refill.empty()) line(indent + "if (flat) {" + refill + " }");
  }

  /// In place of the call's own kernel and of its resize.
  void write_upsampled(const Stage& stage, const KernelCall& call, int call_index, const std::string& rows,
                       const std::string& indent) {
    const UpsampledConv& upsampled = *call.upsampled;
    line(indent + "for (qatc_rows left = " + rows + "; left.begin < left.end;) {");
    line(indent + "  const qatc_pairs pairs = qatc_take_pairs(&left, " + row_map(call) + ");");
    write_kernel_call(call, call_index, upsampled.kernel, indent + "  ", [&](const KernelArgument& argument) {
      const std::string buffer = "&" + argument_name(argument);
      if (is_constant(argument)) {
        return "qatc_bind_constant(" + buffer + ", " + upsampled_symbol(name_, call_index, argument) + ")";
      }
      if (argument.kind == ArgumentKind::kInput) {
        return "qatc_bind_input(" + buffer + ", " + tensor_ref(stage, upsampled.image) + ")";
      }
      if (argument.kind == ArgumentKind::kOutput) {
        return "qatc_bind_pairs(" + buffer + ", " + tensor_ref(stage, call.outputs.front()) + ", &pairs)";
      }
      QATC_CHECK(false, "no buffer of an upsampled conv: " + argument_name(argument));
    });
    line(indent + "}");
  }

  void write_kernel_call(const KernelCall& call, int call_index, int kernel, const std::string& indent,
                         const std::function<std::string(const KernelArgument&)>& bind_buffer,
                         const std::string& after_binding = "") {
    const KernelSpec& spec = plan_.kernels[static_cast<size_t>(kernel)];
    const std::vector<KernelArgument> arguments = kernel_arguments(spec);
    std::string buffers, actual;
    for (const KernelArgument& argument : arguments) {
      if (is_buffer(argument)) buffers += (buffers.empty() ? "" : ", ") + argument_name(argument);
    }
    line(indent + "qatc_buffer " + buffers + ";");
    for (const KernelArgument& argument : arguments) {
      const std::string variable = argument_name(argument);
      actual += (actual.empty() ? "" : ", ") +
                (is_buffer(argument) ? "&" + variable : scalar(spec, call, call_index, argument));
      if (is_buffer(argument)) line(indent + bind_buffer(argument) + ";");
    }
    if (!after_binding.empty()) line(indent + after_binding);
    line(indent + kernel_symbol(plan_, name_, kernel) + "(" + actual + ");");
  }

  /// What the resize before a call with an UpsampledConv shows.
  std::string row_map(const KernelCall& call) const { return "&f->" + row_map_field(plan_, call.upsampled->resize); }

  /// Whether the image size is one at which the resize before a call doubles both sides.
  std::string doubles(const KernelCall& call) const { return "f->" + doubles_field(plan_, call.upsampled->resize); }

  /// What a call stores, unless a later one stores more channels of it.
  static std::vector<int> finished_tensors(const Stage& stage, int index) {
    std::vector<int> tensors = stored_outputs(stage, stage.calls[static_cast<size_t>(index)]);
    for (size_t later = static_cast<size_t>(index) + 1; later < stage.calls.size(); ++later) {
      for (int tensor : stored_outputs(stage, stage.calls[later])) std::erase(tensors, tensor);
    }
    return tensors;
  }

  std::string bind(const Stage& stage, const KernelCall& call, int call_index, const KernelArgument& argument,
                   const std::string& rows, const std::string& buffer) const {
    const auto index = static_cast<size_t>(argument.index);
    const bool exact = plan_.rounding == Rounding::kExact;
    if (is_constant(argument)) {
      return "qatc_bind_constant(" + buffer + ", " + call_symbol(name_, call_index, argument) + ")";
    }
    switch (argument.kind) {
      case ArgumentKind::kInput:
        return "qatc_bind_input(" + buffer + ", " + tensor_ref(stage, call.inputs[index]) + ")";
      case ArgumentKind::kOutput:
        return bind_output(stage, call, call.outputs[index], rows, buffer);
      case ArgumentKind::kSums:
      case ArgumentKind::kSquares:
        return bind_sums(call.statistics, argument, rows, buffer);
      case ArgumentKind::kPixels:
        return "qatc_bind_pixels(" + buffer + ", f->input, unloaded)";
      case ArgumentKind::kCodes:
        return "qatc_bind_codes(" + buffer + ", " + tensor_ref(stage, call.inputs.front()) + ", unloaded)";
      case ArgumentKind::kXMap:
        return "qatc_bind_constant(" + buffer + ", f->x_map" + c_number(resize_of(call)) + ")";
      case ArgumentKind::kYMap:
        return "qatc_bind_constant(" + buffer + ", f->y_map" + c_number(resize_of(call)) + ")";
      case ArgumentKind::kAffineA:
      case ArgumentKind::kAffineB: {
        const std::string which = argument.kind == ArgumentKind::kAffineA ? "a" : "b";
        return "qatc_bind_constant(" + buffer + ", f->norm" + c_number(statistics_of(call.step_nodes[index])) + "." +
               which + (exact ? "" : "_float") + ")";
      }
      default:
        break;
    }
    QATC_CHECK(false, "no buffer: " + argument_name(argument));
  }

  static std::string bind_output(const Stage& stage, const KernelCall& call, int tensor, const std::string& rows,
                                 const std::string& buffer) {
    const std::string range = c_number(call.slice_offset) + ", " + rows + ".begin, " + rows + ".end)";
    std::string bind = "qatc_bind_output(" + buffer + ", " + tensor_ref(stage, tensor) + ", " + range;
    if (!needs_scratch(stage, call) || window_of(stage, tensor) != nullptr) return bind;
    return "part == 0 ? " + bind + " : qatc_bind_scratch(" + buffer + ", " + tensor_ref(stage, tensor) + ", memory, " +
           range;
  }

  static std::string tensor_ref(const Stage& stage, int tensor) {
    return window_of(stage, tensor) != nullptr ? "&w" + c_number(tensor) + ".tensor" : "&f->t" + c_number(tensor);
  }

  std::string scalar(const KernelSpec& spec, const KernelCall& call, int call_index,
                     const KernelArgument& argument) const {
    if (is_constant(argument)) return "(uint64_t)(uintptr_t)" + call_symbol(name_, call_index, argument);
    if (argument.kind == ArgumentKind::kRowsApart) return "pairs.apart";
    if (argument.kind == ArgumentKind::kPixelsReversed) return "qatc_is_reversed(f->input)";
    if (argument.kind == ArgumentKind::kPixelTable) return "(uint64_t)(uintptr_t)quantizer.u8_table";
    if (argument.kind == ArgumentKind::kRowPixels) return summed_tensor(call) + ".width";
    if (argument.kind == ArgumentKind::kRowPitch) {
      if (!call.flat_rows) return "0";
      const std::string t = summed_tensor(call);
      return "flat ? (int32_t)(" + t + ".row_stride / " + t + ".pixel_bytes) : 0";
    }
    const Node& node = plan_.graph.node(call.step_nodes[static_cast<size_t>(argument.index)]);
    const auto zero_point = [&](ValueId value) {
      const TensorType& type = plan_.graph.type(value);
      return "STORED(" + c_number(stored(type.quant->zero_point_at(0), type.dtype)) + ")";
    };
    const auto scale = [&](ValueId value) { return plan_.graph.type(value).quant->scale_at(0); };
    const auto add = [&] { return add_multipliers(scale(node.inputs[0]), scale(node.inputs[1]), scale(node.output)); };
    const bool exact = spec.rounding == Rounding::kExact;
    const bool is_mul = std::holds_alternative<Mul>(node.op);
    switch (argument.kind) {
      case ArgumentKind::kZeroPointOut:
        return zero_point(node.output);
      case ArgumentKind::kZeroPointA:
        return zero_point(node.inputs[0]);
      case ArgumentKind::kZeroPointB:
        return zero_point(node.inputs[1]);
      case ArgumentKind::kScaleA:
        if (exact) return c_real(scale(node.inputs[0]));
        if (is_mul)
          return c_real(mul_multiplier(scale(node.inputs[0]), scale(node.inputs[1]), scale(node.output))) + "f";
        return c_real(add().first) + "f";
      case ArgumentKind::kScaleB:
        if (exact) return c_real(scale(node.inputs[1]));
        return c_real(add().second) + "f";
      case ArgumentKind::kScaleOut:
        return c_real(scale(node.output));
      default:
        break;
    }
    QATC_CHECK(false, "no scalar: " + argument_name(argument));
  }

  std::string summed_tensor(const KernelCall& call) const {
    return "f->t" + c_number(plan_.statistics[static_cast<size_t>(call.statistics)].tensor);
  }

  std::string bind_sums(int statistics, const KernelArgument& argument, const std::string& rows,
                        const std::string& buffer) const {
    const std::string memory = argument.kind == ArgumentKind::kSums ? "sums" : "squares";
    return "qatc_bind_sums(" + buffer + ", f->" + memory + c_number(statistics) + ", " +
           c_number(norm_channels(plan_, statistics)) + ", " + rows + ".begin, " + rows + ".end)";
  }

  /// Sums over rows of a tensor for each norm of it whose sums no kernel stores with the rows.
  void write_sums(const Stage& stage, int tensor, const std::string& rows, const std::string& indent) {
    for (int i : stage.statistics) {
      const Statistics& statistics = plan_.statistics[static_cast<size_t>(i)];
      if (statistics.tensor != tensor || statistics.sums_kernel < 0) continue;
      line(indent + "{");
      line(indent + "  qatc_buffer in0, sums0, squares0;");
      line(indent + "  qatc_bind_input(&in0, &f->t" + c_number(tensor) + ");");
      line(indent + "  " + bind_sums(i, {ArgumentKind::kSums}, rows, "&sums0") + ";");
      line(indent + "  " + bind_sums(i, {ArgumentKind::kSquares}, rows, "&squares0") + ";");
      line(indent + "  " + kernel_symbol(plan_, name_, statistics.sums_kernel) + "(&in0, &sums0, &squares0);");
      line(indent + "}");
    }
  }

  void write_norm_stage(const Stage& stage, const std::string& id) {
    const Statistics& statistics = plan_.statistics[static_cast<size_t>(stage.norm)];
    const Node& node = plan_.graph.node(statistics.node);
    const TensorType& in = plan_.graph.type(node.inputs[0]);
    const std::string n = c_number(stage.norm), t = "f->t" + c_number(statistics.tensor);
    for (const Origin& origin : node.origins)
      line("/* statistics of '" + c_comment(origin.name) + "' (" + c_comment(origin.op_type) + ") */");
    // What is taken off all that is summed is taken off the zero point, too.
    const int32_t zero_point = stored(in.quant->zero_point_at(0), in.dtype) - kTakenOffSummed;
    line("static const qatc_norm_parameters parameters" + n + " = {");
    line("    .channels = " + c_number(norm_channels(plan_, stage.norm)) + ",");
    line("    .scale_in = " + c_real(in.quant->scale_at(0)) + ",");
    line("    .zero_point = " + c_number(zero_point) + ", /* kernels sum q - " + c_number(kTakenOffSummed) + " */");
    line("    .epsilon = " + c_real(std::get<InstanceNorm>(node.op).epsilon) + ",");
    line("    .gamma = " + norm_symbol(name_, stage.norm, "gamma") + ",");
    line("    .beta = " + norm_symbol(name_, stage.norm, "beta") + ",");
    line("    .scale_out = " + c_real(plan_.graph.type(node.output).quant->scale_at(0)) + ",");
    line("};");
    line();
    line("static void stage" + id + "(void* data, int32_t stripe) {");
    line("  const frame* const f = data;");
    line("  (void)stripe;");
    line("  qatc_finish_norm(&f->norm" + n + ", &parameters" + n + ", f->sums" + n + ", f->squares" + n + ", " + t +
         ".height, " + t + ".width);");
    line("}");
    line();
  }

  void write_load_stage(const Stage& stage, const std::string& id) {
    line("static void stage" + id + "(void* data, int32_t stripe) {");
    line("  const frame* const f = data;");
    const std::string t = "f->t" + c_number(stage.image);
    write_split(t + ".height");
    line("  const qatc_rows band = {begin, end};");
    line("  qatc_load_image(f->input, " + t + ".origin, " + t + ".row_stride, " + t +
         ".pixel_bytes, &quantizer, begin, end);");
    line("  qatc_pad_rows(&" + t + ", band.begin, band.end);");
    write_sums(stage, stage.image, "band", "  ");
    line("}");
    line();
  }

  void write_store_stage(const Stage& stage, const std::string& id) {
    line("static void stage" + id + "(void* data, int32_t stripe) {");
    line("  const frame* const f = data;");
    const std::string t = "f->t" + c_number(stage.image);
    write_split(t + ".height");
    line("  qatc_store_image(f->output, " + t + ".origin, " + t + ".row_stride, " + t +
         ".pixel_bytes, &dequantizer, begin, end);");
    line("}");
    line();
  }

  std::ostream& out_;
  const Plan& plan_;
  const std::string& name_;
  std::vector<int> first_call_;
};

}  // namespace

void write_stages(std::ostream& out, const Plan& plan, const std::string& name) { StageWriter(out, plan, name).run(); }

}  // namespace qatc
