#include "frontend/onnx_file.h"

#include <climits>

#include "support/error.h"

namespace qatc {

namespace {

// From 11 on, Clip and Resize take their numbers as inputs; after 21, types and attributes appear that nobody here has
// read.
constexpr int64_t kFirstOpset = 11, kLastOpset = 21;

int64_t default_opset(const onnx::ModelProto& proto, const std::string& display_name) {
  int64_t opset = 0;
  for (const onnx::OperatorSetIdProto& import : proto.opset_import()) {
    if (import.domain().empty() || import.domain() == "ai.onnx") opset = import.version();
  }
  if (opset == 0) throw UserError(display_name + ": the model names no ONNX opset; export it again");
  if (opset < kFirstOpset || opset > kLastOpset) {
    throw UserError(display_name + ": opset " + std::to_string(opset) + " is not supported; export with opset " +
                    std::to_string(kFirstOpset) + " to " + std::to_string(kLastOpset));
  }
  return opset;
}

}  // namespace

OnnxModel parse_onnx(std::string_view bytes, const std::string& display_name) {
  if (bytes.size() > static_cast<size_t>(INT_MAX)) {
    throw UserError(display_name + ": the file is larger than 2 GB, which no ONNX file in one piece can be");
  }
  OnnxModel model{std::make_unique<onnx::ModelProto>(), 0};
  const bool complete = model.proto->ParsePartialFromArray(bytes.data(), static_cast<int>(bytes.size()));
  // A model that breaks off has its first fields in place; arbitrary bytes hardly ever get as far as a graph.
  if (!complete && model.proto->has_ir_version() && model.proto->has_graph()) {
    throw UserError(display_name + ": the file is truncated or damaged");
  }
  if (!complete || !model.proto->has_graph()) throw UserError(display_name + ": not an ONNX file");
  model.opset = default_opset(*model.proto, display_name);
  return model;
}

}  // namespace qatc
