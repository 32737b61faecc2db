#pragma once

#include <Halide.h>

#include <string>

#include "schedules/isa.h"

namespace qatc {

/// A target of code generation.
struct Target {
  std::string name;       // as the user wrote it; the output folder
  Halide::Target halide;  // without run-time checks, without Halide's runtime
  Isa isa;
  std::string clang_triple;
  bool is_host = false;
};

bool is_apple(const Target& target);

/// `host`, or Halide's name: arm-64-{linux,android,ios,osx}, x86-64-linux, with features after dashes. Throws UsageError
/// for anything else, naming the accepted forms.
Target parse_target(const std::string& name);

}  // namespace qatc
