#include "support/interruption.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace qatc {

namespace {

constexpr std::array<int, 2> kSignals{SIGINT, SIGTERM};

// All that a handler may touch. Signals are noted by the main thread alone.
volatile std::sig_atomic_t interrupted = 0;
std::array<int, 2> ends{-1, -1};  // of the pipe
int noting = 0;
std::array<struct sigaction, 2> before;

void note(int) {
  const int error = errno;
  interrupted = 1;
  [[maybe_unused]] const ssize_t written = write(ends[1], "", 1);  // a full pipe is readable, too
  errno = error;
}

}  // namespace

SignalsNoted::SignalsNoted() {
  if (noting++ > 0) return;
  interrupted = 0;
  QATC_CHECK(pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0, std::string("pipe: ") + std::strerror(errno));
  struct sigaction action = {};
  action.sa_handler = note;
  for (size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &action, &before[i]);
}

SignalsNoted::~SignalsNoted() {
  if (--noting > 0) return;
  for (size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &before[i], nullptr);
  for (int& end : ends) {
    close(end);
    end = -1;
  }
}

bool is_interrupted() { return interrupted != 0 && noting > 0; }

void stop_if_interrupted() {
  if (is_interrupted()) throw Interrupted();
}

int interruption_pipe() { return ends[0]; }

}  // namespace qatc
