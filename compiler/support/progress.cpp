#include "support/progress.h"

#include <unistd.h>

#include <cstdio>
#include <utility>

namespace qatc {

namespace {
constexpr const char* kWipe = "\r\033[K";
}

ProgressLine::ProgressLine(std::string what) : what_(std::move(what)), is_shown_(::isatty(STDERR_FILENO) == 1) {}

ProgressLine::~ProgressLine() {
  if (is_shown_) std::fputs(kWipe, stderr);
}

void ProgressLine::update(int done, int total) {
  if (!is_shown_) return;
  std::fprintf(stderr, "%s%s %d/%d", kWipe, what_.c_str(), done, total);
}

}  // namespace qatc
