#pragma once

#include <stdexcept>
#include <string>
#include <vector>

namespace qatc {

/// The user's input is at fault: exit status 1. The text is one line naming file, node and op, and says what to do.
/// When several things are wrong at once (unsupported ops), every line is kept.
class UserError : public std::runtime_error {
 public:
  explicit UserError(const std::string& line) : UserError(std::vector<std::string>{line}) {}
  explicit UserError(std::vector<std::string> lines);
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  std::vector<std::string> lines_;
};

/// The command line is at fault in a way that only a later layer sees (a target's name): exit status 2.
class UsageError : public UserError {
 public:
  using UserError::UserError;
};

/// qatc is at fault: exit status 3.
class InternalError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

[[noreturn]] void fail_check(const char* file, int line, const char* condition, const std::string& message);

}  // namespace qatc

/// After validation everything is an invariant of ours; a violation is an InternalError.
#define QATC_CHECK(condition, message)                                             \
  do {                                                                             \
    if (!(condition)) ::qatc::fail_check(__FILE__, __LINE__, #condition, message); \
  } while (false)
