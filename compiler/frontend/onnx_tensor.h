#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace qatc {

/// A constant in ONNX's own layout (filters OIHW), checked: the data is as long as `dims` say.
/// FLOAT and DOUBLE elements are in `real`, integers and booleans in `integers`.
struct OnnxTensor {
  int32_t data_type = onnx::TensorProto::UNDEFINED;
  std::vector<int64_t> dims;
  std::vector<double> real;
  std::vector<int64_t> integers;

  bool is_real() const;
  size_t size() const { return is_real() ? real.size() : integers.size(); }
};
using OnnxTensorPtr = std::shared_ptr<const OnnxTensor>;

/// Throws Refusal for data that is external, cut off, of a type nothing here reads, or absurdly large; allocates only
/// in proportion to the bytes that are there.
OnnxTensorPtr decode_tensor(const onnx::TensorProto& proto);

/// E.g. "FLOAT", "INT8"; a number when ONNX has no such type.
std::string data_type_name(int32_t data_type);

}  // namespace qatc
