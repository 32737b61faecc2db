#pragma once

#include <onnx/onnx_pb.h>

#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace qatc {

/// Who makes each name of a graph. The strings are those of the model, which must outlive this.
struct OnnxNames {
  std::unordered_map<std::string, int> producer;  // node index
  std::unordered_map<std::string, const onnx::TensorProto*> initializer;
  /// Without those that are initializers, which old files list too.
  std::vector<const onnx::ValueInfoProto*> inputs;
};

/// Throws UserError, one line a fault, when a name is made twice or is read but made by nothing.
OnnxNames collect_names(const onnx::GraphProto& graph, const std::string& display_name);

/// The nodes that the graph's outputs depend on, each after the nodes it reads; ties in the file's order. Throws
/// UserError naming a node on a cycle.
std::vector<int> live_nodes_in_order(const onnx::GraphProto& graph, const OnnxNames& names,
                                     const std::string& display_name);

}  // namespace qatc
