#include "support/interruption.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <exception>

namespace qatc {

namespace {

constexpr std::array<int, 2> kSignals{SIGINT, SIGTERM};

// What the handler touches.
volatile std::sig_atomic_t interrupted_by = 0;
std::array<int, 2> ends{-1, -1};  // of the pipe

int noting = 0;  // SignalsNoted that live
std::array<struct sigaction, 2> before;

void note(int signal) {
  const int error = errno;
  interrupted_by = signal;
  [[maybe_unused]] const ssize_t written = write(ends[1], "", 1);  // a full pipe is readable, too
  errno = error;
}

}  // namespace

SignalsNoted::SignalsNoted() {
  if (noting == 0) {
    interrupted_by = 0;
    if (pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
      throw UserError(std::string("cannot make a pipe: ") + std::strerror(errno));
    }
    struct sigaction action = {};
    action.sa_handler = note;
    for (size_t i = 0; i < kSignals.size(); ++i) {
      sigaction(kSignals[i], &action, &before[i]);
      if (before[i].sa_handler == SIG_IGN) sigaction(kSignals[i], &before[i], nullptr);
    }
  }
  ++noting;
}

SignalsNoted::~SignalsNoted() {
  if (noting > 1) {
    --noting;
    return;
  }
  stop_noting_signals();
  if (interrupted_by != 0 && std::uncaught_exceptions() == 0) std::raise(interrupted_by);
}

bool is_interrupted() { return noting > 0 && interrupted_by != 0; }

void stop_if_interrupted() {
  if (is_interrupted()) throw Interrupted(interrupted_by);
}

int interruption_pipe() { return ends[0]; }

void stop_noting_signals() {
  if (noting == 0) return;
  for (size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &before[i], nullptr);
  for (int& end : ends) {
    close(end);
    end = -1;
  }
  noting = 0;
}

}  // namespace qatc
