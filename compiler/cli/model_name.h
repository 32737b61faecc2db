#pragma once

#include <string>

namespace qatc {

/// The name that a model gets when the user gives none: the file's stem, or its folder's name when the file is just
/// called `model.onnx`, made a C identifier.
std::string default_model_name(const std::string& path);

bool is_c_identifier(const std::string& name);
/// The runtime's own files and symbols begin with qatc_.
bool is_reserved(const std::string& name);

}  // namespace qatc
