#include "cli/model_name.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace qatc {

namespace {

// Not <cctype>: what a letter is must not depend on the locale.
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

}  // namespace

std::string default_model_name(const std::string& path) {
  std::error_code error;
  const std::filesystem::path full = std::filesystem::absolute(path, error).lexically_normal();
  std::string name = full.stem().string();
  if (name == "model") name = full.parent_path().filename().string();
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !is_letter(c) && !is_digit(c); }, '_');
  // Also before an underscore, which C keeps for itself.
  if (name.empty() || !is_letter(name[0]) || name[0] == '_' || is_reserved(name)) name = "net_" + name;
  return name;
}

bool is_reserved(const std::string& name) { return name == "qatc" || name.rfind("qatc_", 0) == 0; }

bool is_c_identifier(const std::string& name) {
  return !name.empty() && !is_digit(name[0]) &&
         std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || is_digit(c); });
}

}  // namespace qatc
