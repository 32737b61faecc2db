#pragma once

#include <string>
#include <string_view>

#include "ir/graph.h"

namespace qatc {

/// Reads an ONNX file into a graph of real and 8-bit ops: NHWC activations, OHWI filters, no shape arithmetic left.
/// Throws UserError when the file is damaged, inconsistent, or uses something that is not supported; one line a fault,
/// each `<path>: <reason>` or `<path>: node '<name>' (<OpType>): <reason>`.
Graph import_onnx(const std::string& path);

/// The same from memory. `display_name` stands for the path in messages.
Graph import_onnx_bytes(std::string_view bytes, const std::string& display_name);

}  // namespace qatc
