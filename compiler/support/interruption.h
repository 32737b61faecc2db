#pragma once

#include "support/error.h"

namespace qatc {

/// SIGINT or SIGTERM came: whoever asked for the work does not want it any more. Not to be taken for a fault of it.
class Interrupted : public UserError {
 public:
  Interrupted() : UserError("interrupted") {}
};

/// While one lives, SIGINT and SIGTERM are noted instead of ending the process, so that what is half-done can be removed.
/// What takes long then has to ask: stop_if_interrupted, or interruption_pipe beside what it waits for.
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

}  // namespace qatc
