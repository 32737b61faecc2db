#include "frontend/read_tensor.h"

#include <onnx/onnx_pb.h>

#include "frontend/onnx_tensor.h"
#include "frontend/refusal.h"
#include "support/error.h"
#include "support/files.h"

namespace qatc {

Tensor read_tensor(const std::string& path) {
  onnx::TensorProto proto;
  if (!proto.ParseFromString(read_file(path))) throw UserError(path + ": not an ONNX tensor, or truncated");
  try {
    const OnnxTensorPtr stored = decode_tensor(proto);
    if (!stored->is_real()) {
      throw Refusal("holds " + data_type_name(stored->data_type) + " elements; only FLOAT is supported");
    }
    Tensor tensor;
    tensor.shape = stored->dims;
    tensor.real = stored->real;
    return tensor;
  } catch (const Refusal& refusal) {
    throw UserError(path + ": the tensor " + refusal.what());
  }
}

}  // namespace qatc
