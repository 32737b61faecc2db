#include "support/error.h"

namespace qatc {

namespace {

std::string join(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : "\n") + line;
  return text;
}

}  // namespace

UserError::UserError(std::vector<std::string> lines) : std::runtime_error(join(lines)), lines_(std::move(lines)) {}

void fail_check(const char* file, int line, const char* condition, const std::string& message) {
  throw InternalError(std::string(file) + ":" + std::to_string(line) + ": " + message + " (" + condition + ")");
}

}  // namespace qatc
