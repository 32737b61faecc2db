#pragma once

#include <span>
#include <string>

#include "frontend/node_import.h"

namespace qatc {

/// A row of the importer: what an ONNX op becomes. Throws Refusal.
struct ImportRow {
  const char* op_type;
  size_t least_inputs, most_inputs;
  Imported (*import)(NodeImport& node);
};

/// All of them, sorted by op. README.md lists the same ops; tests/frontend/readme_test.cpp compares the two.
std::span<const ImportRow> import_rows();

/// nullptr when the op is not supported.
const ImportRow* find_row(const std::string& op_type);

// rows_quantization.cpp
Imported import_quantize_linear(NodeImport& node);
Imported import_dequantize_linear(NodeImport& node);
// rows_window.cpp
Imported import_conv(NodeImport& node);
Imported import_max_pool(NodeImport& node);
// rows_resize.cpp
Imported import_resize(NodeImport& node);
// rows_elementwise.cpp
Imported import_tanh(NodeImport& node);
Imported import_relu(NodeImport& node);
Imported import_leaky_relu(NodeImport& node);
Imported import_clip(NodeImport& node);
Imported import_instance_normalization(NodeImport& node);
Imported import_identity(NodeImport& node);
Imported import_dropout(NodeImport& node);
// rows_arithmetic.cpp: ops on activations and on sizes alike
Imported import_add(NodeImport& node);
Imported import_sub(NodeImport& node);
Imported import_mul(NodeImport& node);
Imported import_div(NodeImport& node);
Imported import_concat(NodeImport& node);
Imported import_cast(NodeImport& node);
// rows_shape.cpp: ops on sizes
Imported import_constant(NodeImport& node);
Imported import_shape(NodeImport& node);
Imported import_gather(NodeImport& node);
Imported import_slice(NodeImport& node);
Imported import_squeeze(NodeImport& node);
Imported import_unsqueeze(NodeImport& node);
Imported import_reshape(NodeImport& node);
Imported import_floor(NodeImport& node);
Imported import_ceil(NodeImport& node);

}  // namespace qatc
