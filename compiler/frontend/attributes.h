#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace qatc {

/// A node's attributes, read by name with ONNX's defaults. Remembers what was read: an attribute that nobody asked for
/// may change the node's meaning, so `refuse_unread` must come last.
class Attributes {
 public:
  explicit Attributes(const onnx::NodeProto& node) : node_(&node) {}

  bool has(const std::string& name) const { return find(name) != nullptr; }
  int64_t integer(const std::string& name, int64_t fallback);
  float real(const std::string& name, float fallback);
  std::string text(const std::string& name, const std::string& fallback);
  std::vector<int64_t> integers(const std::string& name, std::vector<int64_t> fallback);
  std::vector<float> reals(const std::string& name);
  /// nullptr when it is not there.
  const onnx::TensorProto* tensor(const std::string& name);
  /// For attributes that cannot change the first output in any supported use.
  void ignore(const std::string& name) { read_.insert(name); }
  void refuse_unread() const;

 private:
  const onnx::AttributeProto* find(const std::string& name) const;
  const onnx::AttributeProto* read(const std::string& name, onnx::AttributeProto::AttributeType type);

  const onnx::NodeProto* node_;
  std::set<std::string> read_;
};

}  // namespace qatc
