#pragma once

#include <onnx/onnx_pb.h>

#include <memory>
#include <string>
#include <string_view>

namespace qatc {

struct OnnxModel {
  std::unique_ptr<onnx::ModelProto> proto;  // has a graph
  int64_t opset = 0;                        // of the default domain, one that the importer knows
};

/// Throws UserError when the bytes are no ONNX model, are cut off, or belong to an opset whose ops mean something else.
OnnxModel parse_onnx(std::string_view bytes, const std::string& display_name);

}  // namespace qatc
