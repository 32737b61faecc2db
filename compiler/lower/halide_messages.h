#pragma once

namespace qatc {

/// From now on Halide's errors are InternalErrors, and so are its warnings: a warning has meant wrong code before.
void throw_halide_messages();

/// Warnings are dropped for as long as one lives.
class HalideWarningsIgnored {
 public:
  HalideWarningsIgnored();
  ~HalideWarningsIgnored();
  HalideWarningsIgnored(const HalideWarningsIgnored&) = delete;
  HalideWarningsIgnored& operator=(const HalideWarningsIgnored&) = delete;
};

}  // namespace qatc
