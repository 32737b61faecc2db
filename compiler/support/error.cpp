#include "support/error.h"

#include "support/text.h"

namespace qatc {

UserError::UserError(std::vector<std::string> lines)
    : std::runtime_error(join(lines, std::identity(), "\n")), lines_(std::move(lines)) {}

void fail_check(const char* file, int line, const char* condition, const std::string& message) {
  throw InternalError(std::string(file) + ":" + std::to_string(line) + ": " + message + " (" + condition + ")");
}

}  // namespace qatc
