#pragma once

#include <string>

#include "ir/tensor.h"

namespace qatc {

/// Reads a serialized ONNX TensorProto of real numbers, as ONNX's test data sets hold them. The shape is the file's own
/// (NCHW for images). Throws UserError `<path>: <reason>`.
Tensor read_tensor(const std::string& path);

}  // namespace qatc
