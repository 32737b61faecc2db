#pragma once

#include <onnx/onnx_pb.h>

#include <string>
#include <vector>

#include "ir/graph.h"

namespace qatc::test {

/// An ONNX model in the making, with one float image input 'x' (1, channels, H, W) and one output 'y'.
class OnnxBuilder {
 public:
  explicit OnnxBuilder(int64_t channels = 3, int64_t opset = 13);

  onnx::ModelProto model;
  onnx::GraphProto& graph() { return *model.mutable_graph(); }

  /// Adds a node named after its op and position, e.g. "Conv_2"; returns it for attributes.
  onnx::NodeProto& node(const std::string& op_type, const std::vector<std::string>& inputs,
                        const std::string& output = "y");
  void floats(const std::string& name, std::vector<int64_t> dims, const std::vector<float>& values);
  void int64s(const std::string& name, std::vector<int64_t> dims, const std::vector<int64_t>& values);
  /// INT8, UINT8 or INT32.
  void ints(const std::string& name, onnx::TensorProto::DataType type, std::vector<int64_t> dims,
            const std::vector<int32_t>& values);
  void fix_input_dim(int axis, int64_t extent);

  std::string bytes() const { return model.SerializeAsString(); }
  Graph import() const;
  /// The lines of the UserError that importing throws, one a line; "" when it imports.
  std::string errors() const;

 private:
  onnx::TensorProto& initializer(const std::string& name, onnx::TensorProto::DataType type,
                                 const std::vector<int64_t>& dims);
};

void set(onnx::NodeProto& node, const std::string& name, int64_t value);
void set(onnx::NodeProto& node, const std::string& name, float value);
void set(onnx::NodeProto& node, const std::string& name, const std::string& value);
void set_ints(onnx::NodeProto& node, const std::string& name, const std::vector<int64_t>& values);

std::string import_errors(std::string_view bytes, const std::string& display_name);

/// The live node that makes the graph's output.
const Node& last_node(const Graph& graph);
/// E.g. "1, H, (W + 1) / 2, 3"
std::string shape_text(const Shape& shape);

}  // namespace qatc::test
