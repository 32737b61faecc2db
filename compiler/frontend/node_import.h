#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "frontend/attributes.h"
#include "frontend/imported.h"
#include "frontend/refusal.h"

namespace qatc {

/// One ONNX node on its way into the graph: what a row of the importer's table sees. Inputs are asked for by the role
/// that the op has for them, so that every message names it.
class NodeImport {
 public:
  using DescribeSource = std::function<std::string(const std::string& name)>;

  NodeImport(const onnx::NodeProto& node, int64_t opset, std::vector<const Imported*> inputs, Graph& graph,
             const DescribeSource& describe_source);

  Attributes attributes;

  const onnx::NodeProto& proto() const { return *node_; }
  int64_t opset() const { return opset_; }
  Graph& graph() { return *graph_; }
  const Origin& origin() const { return origin_; }
  const std::string& output_name() const { return node_->output(0); }

  size_t input_count() const { return inputs_.size(); }
  bool has_input(size_t i) const { return i < inputs_.size() && inputs_[i] != nullptr; }
  /// Throws Refusal when it is left out.
  const Imported& input(size_t i, const char* role) const;
  bool is_activation(size_t i) const;

  /// A real activation of rank 4.
  ValueId activation(size_t i, const char* role = "the input") const;
  const Parameter& parameter(size_t i, const char* role) const;
  /// A constant that no QuantizeLinear or DequantizeLinear has been applied to.
  const OnnxTensor& plain_constant(size_t i, const char* role) const;
  float constant_real(size_t i, const char* role) const;
  /// Computed sizes, or constants as such.
  ShapeVector shape(size_t i, const char* role) const;
  /// "output of 'Reshape_7' (Reshape)", "graph input 'x'", ...
  std::string source(size_t i) const { return (*describe_source_)(node_->input(static_cast<int>(i))); }

  /// Extents of an activation.
  const Shape& extents(ValueId id) const { return graph_->type(id).shape; }
  /// Adds the node's op; the result carries the ONNX output's name.
  ValueId emit(Op op, std::vector<ValueId> inputs, TensorType type);

 private:
  const onnx::NodeProto* node_;
  int64_t opset_;
  std::vector<const Imported*> inputs_;
  Graph* graph_;
  const DescribeSource* describe_source_;
  Origin origin_;
};

/// The node's name; its first output's where it has none.
std::string node_name(const onnx::NodeProto& node);
/// "node 'conv1' (Conv)"
std::string describe(const onnx::NodeProto& node);
/// "[1, 12, H, (W + 1) / 2]": NHWC extents in the order of the ONNX file.
std::string onnx_shape_text(const Shape& nhwc);

}  // namespace qatc
