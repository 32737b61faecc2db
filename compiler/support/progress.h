#pragma once

#include <string>

namespace qatc {

/// One line on a terminal that says how far the work is, e.g. `kernels 12/35`, and is wiped at the end of the scope.
/// Writes nothing when stderr is not a terminal.
class ProgressLine {
 public:
  explicit ProgressLine(std::string what);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void update(int done, int total);

 private:
  const std::string what_;
  const bool is_shown_;
};

}  // namespace qatc
