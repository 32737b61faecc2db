#include "frontend/import_onnx.h"

#include <unordered_map>
#include <unordered_set>

#include "frontend/limits.h"
#include "frontend/node_order.h"
#include "frontend/onnx_file.h"
#include "frontend/rows.h"
#include "support/error.h"
#include "support/files.h"

namespace qatc {

namespace {

// More lines help nobody, and a hostile file could have millions.
constexpr size_t kMostLines = 50;

/// One dimension of the graph input: a number, or nothing when it is a name or unknown.
std::optional<int64_t> fixed_extent(const onnx::TensorShapeProto::Dimension& dim, const char* role, int64_t most) {
  if (!dim.has_dim_value()) return std::nullopt;
  if (dim.dim_value() < 1 || dim.dim_value() > most) {
    throw Refusal("has the " + std::string(role) + " " + std::to_string(dim.dim_value()) + ", must be 1 to " +
                  std::to_string(most));
  }
  return dim.dim_value();
}

TensorType image_type(const onnx::ValueInfoProto& input) {
  if (!input.type().has_tensor_type()) throw Refusal("is no tensor");
  const onnx::TypeProto::Tensor& tensor = input.type().tensor_type();
  if (tensor.elem_type() != onnx::TensorProto::FLOAT) {
    throw Refusal("has the element type " + data_type_name(tensor.elem_type()) + "; only FLOAT is supported");
  }
  if (!tensor.has_shape() || tensor.shape().dim_size() != 4) {
    throw Refusal("must have the shape (1, channels, height, width), has " +
                  (tensor.has_shape() ? std::to_string(tensor.shape().dim_size()) + " dimensions" : "no shape"));
  }
  const onnx::TensorShapeProto& shape = tensor.shape();
  if (fixed_extent(shape.dim(0), "batch", INT64_MAX).value_or(1) != 1) {
    throw Refusal("has a batch of " + std::to_string(shape.dim(0).dim_value()) + "; only 1 is supported");
  }
  const std::optional<int64_t> channels = fixed_extent(shape.dim(1), "channel count", kMostChannels);
  if (!channels) throw Refusal("has no fixed number of channels; export the model with one");
  const std::optional<int64_t> height = fixed_extent(shape.dim(2), "height", kLargestSide);
  const std::optional<int64_t> width = fixed_extent(shape.dim(3), "width", kLargestSide);
  return {DType::kF32,
          {Extent(1), height ? Extent(*height) : Extent::height(), width ? Extent(*width) : Extent::width(),
           Extent(*channels)},
          std::nullopt};
}

/// The walk over one model: what each name stands for so far, and what is wrong so far.
class Importer {
 public:
  Importer(const OnnxModel& model, const std::string& display_name)
      : proto_(model.proto->graph()),
        opset_(model.opset),
        display_name_(display_name),
        names_(collect_names(proto_, display_name)),
        describe_source_([this](const std::string& name) { return source(name); }) {}

  Graph run() {
    const std::vector<int> order = live_nodes_in_order(proto_, names_, display_name_);
    count_reads();
    import_input();
    for (int i : order) import_node(proto_.node(i));
    if (lines_.empty()) import_outputs();
    if (!lines_.empty()) fail();
    return std::move(graph_);
  }

 private:
  void add_line(const std::string& text) { lines_.push_back(display_name_ + ": " + text); }

  [[noreturn]] void fail() {
    if (lines_.size() > kMostLines) {
      const std::string more = std::to_string(lines_.size() - kMostLines);
      lines_.resize(kMostLines);
      add_line("and " + more + " more faults");
    }
    throw UserError(lines_);
  }

  std::string source(const std::string& name) const {
    if (const auto node = names_.producer.find(name); node != names_.producer.end()) {
      const std::string text = describe(proto_.node(node->second));
      return "output of" + text.substr(text.find(' '));
    }
    if (names_.initializer.count(name) != 0) return "initializer " + quoted(name);
    return "graph input " + quoted(name);
  }

  void count_reads() {
    for (const onnx::NodeProto& node : proto_.node()) read_.insert(node.input().begin(), node.input().end());
    for (const onnx::ValueInfoProto& output : proto_.output()) read_.insert(output.name());
  }

  void import_input() {
    graph_.name = proto_.name();
    if (names_.inputs.size() != 1) {
      std::string found;
      for (const onnx::ValueInfoProto* input : names_.inputs) {
        if (found.size() < kMostLines * 10) found += (found.empty() ? ": " : ", ") + quoted(input->name());
      }
      add_line("the graph has " + std::to_string(names_.inputs.size()) + " inputs" + found +
               "; exactly one image input is supported");
      fail();
    }
    const onnx::ValueInfoProto& input = *names_.inputs.front();
    try {
      values_.emplace(input.name(), graph_.add_input(input.name(), image_type(input)));
    } catch (const Refusal& refusal) {
      values_.emplace(input.name(), Refused{});
      add_line("graph input " + quoted(input.name()) + " " + refusal.what());
    }
  }

  /// What `name` stands for; initializers are decoded when something reads them.
  const Imported& lookup(const std::string& name) {
    const auto found = values_.find(name);
    if (found != values_.end()) return found->second;
    const auto initializer = names_.initializer.find(name);
    QATC_CHECK(initializer != names_.initializer.end(), "a name is read before it is made");
    Imported result = Refused{};
    try {
      result = Parameter{name, decode_tensor(*initializer->second), {}};
    } catch (const Refusal& refusal) {
      add_line("initializer " + quoted(name) + " " + refusal.what());
    }
    return values_.emplace(name, std::move(result)).first->second;
  }

  /// Runs the node's row. Throws Refusal.
  Imported import_by_row(const onnx::NodeProto& node) {
    if (!node.domain().empty() && node.domain() != "ai.onnx") {
      throw Refusal("ops of domain " + quoted(node.domain()) + " are not supported");
    }
    const ImportRow* row = find_row(node.op_type());
    if (row == nullptr) throw Refusal("the op is not supported (README.md lists those that are)");
    bool reads_refused = false;
    std::vector<const Imported*> inputs;
    for (const std::string& name : node.input()) {
      inputs.push_back(name.empty() ? nullptr : &lookup(name));
      reads_refused |= inputs.back() != nullptr && std::holds_alternative<Refused>(*inputs.back());
    }
    if (inputs.size() < row->least_inputs || inputs.size() > row->most_inputs) {
      throw Refusal("has " + std::to_string(inputs.size()) + " inputs, which this op cannot have");
    }
    for (int i = 1; i < node.output_size(); ++i) {
      if (!node.output(i).empty() && read_.count(node.output(i)) != 0) {
        throw Refusal("output " + quoted(node.output(i)) + " is used; only the first output is supported");
      }
    }
    if (reads_refused) return Refused{};
    NodeImport import(node, opset_, std::move(inputs), graph_, describe_source_);
    Imported result = row->import(import);
    import.attributes.refuse_unread();
    return result;
  }

  void import_node(const onnx::NodeProto& node) {
    Imported result = Refused{};
    try {
      result = import_by_row(node);
    } catch (const Refusal& refusal) {
      add_line(describe(node) + ": " + refusal.what());
    }
    for (int i = 1; i < node.output_size(); ++i) values_.emplace(node.output(i), Refused{});
    if (node.output_size() > 0) values_.emplace(node.output(0), std::move(result));
  }

  void import_outputs() {
    if (proto_.output_size() != 1) {
      add_line("the graph has " + std::to_string(proto_.output_size()) + " outputs; exactly one is supported");
      return;
    }
    const std::string& name = proto_.output(0).name();
    const std::string subject = "graph output " + quoted(name) + " ";
    const auto* id = std::get_if<ValueId>(&lookup(name));
    if (id == nullptr) {
      add_line(subject + "is not computed from the image");
    } else if (!graph_.value(*id).producer) {
      add_line(subject + "is the graph input itself; there is nothing to compile");
    } else if (!graph_.type(*id).is_real()) {
      add_line(subject + "is " + std::string(dtype_name(graph_.type(*id).dtype)) +
               "; only float is supported, so end the graph with a DequantizeLinear");
    } else {
      graph_.add_output(*id);
    }
  }

  const onnx::GraphProto& proto_;
  int64_t opset_;
  std::string display_name_;
  OnnxNames names_;
  NodeImport::DescribeSource describe_source_;
  std::unordered_set<std::string> read_;
  std::unordered_map<std::string, Imported> values_;  // references into it stay valid as it grows
  std::vector<std::string> lines_;
  Graph graph_;
};

}  // namespace

Graph import_onnx(const std::string& path) { return import_onnx_bytes(read_file(path), path); }

Graph import_onnx_bytes(std::string_view bytes, const std::string& display_name) {
  const OnnxModel model = parse_onnx(bytes, display_name);
  return Importer(model, display_name).run();
}

}  // namespace qatc
