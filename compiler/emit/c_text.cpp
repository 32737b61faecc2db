#include "emit/c_text.h"

#include <algorithm>
#include <cctype>
#include <cstdio>

#include "support/error.h"

namespace qatc {

std::string c_real(double value) {
  char text[64];
  std::snprintf(text, sizeof text, "%a", value);
  return text;
}

std::string c_extent(const Extent& extent) { return "(int32_t)(" + extent.to_string() + ")"; }

std::string c_comment(std::string text) {
  for (size_t at = text.find("*/"); at != std::string::npos; at = text.find("*/")) text.replace(at, 2, "* /");
  for (size_t at = text.find("/*"); at != std::string::npos; at = text.find("/*")) text.replace(at, 2, "/ *");
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 32; }, '?');
  return text;
}

const char* c_scalar_type(const KernelSpec& spec, const KernelArgument& argument) {
  switch (scalar_type(spec, argument)) {
    case ScalarType::kAddress:
      return "uint64_t";
    case ScalarType::kInt32:
      return "int32_t";
    case ScalarType::kFloat:
      return "float";
    case ScalarType::kDouble:
      return "double";
  }
  QATC_CHECK(false, "unknown type of a scalar");
}

std::string c_macro(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return name;
}

}  // namespace qatc
