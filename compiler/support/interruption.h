#pragma once

#include "support/error.h"

namespace qatc {

/// SIGINT or SIGTERM came: whoever asked for the work does not want it any more. Not to be taken for a fault of it.
class Interrupted : public UserError {
 public:
  explicit Interrupted(int signal) : UserError("interrupted"), signal_(signal) {}
  int signal() const { return signal_; }

 private:
  int signal_;
};

/// While one lives, SIGINT and SIGTERM are noted instead of ending the process, so that what is half-done can be removed;
/// not those that the process was started to ignore. What takes long then has to ask: stop_if_interrupted, or
/// interruption_pipe beside what it waits for. A signal that nobody has asked for by the end takes effect then. Main
/// thread only. Throws UserError where the system has no more pipes.
class SignalsNoted {
 public:
  SignalsNoted();
  ~SignalsNoted();
  SignalsNoted(const SignalsNoted&) = delete;
  SignalsNoted& operator=(const SignalsNoted&) = delete;
};

bool is_interrupted();
/// Throws Interrupted if it is.
void stop_if_interrupted();
/// For poll: readable once it is; -1, which poll skips, where no signals are noted.
int interruption_pipe();
/// In a forked process: signals act as they did before its parent noted them.
void stop_noting_signals();

}  // namespace qatc
