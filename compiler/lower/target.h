#pragma once

#include <Halide.h>

#include <string>
#include <vector>

#include "schedules/isa.h"

namespace qatc {

/// A target of code generation: a platform and one instruction set.
struct Target {
  std::string name;       // as the user wrote it, or would have
  Halide::Target halide;  // without run-time checks, without Halide's runtime
  Isa isa;
  std::string clang_triple;
  bool is_host = false;
};

bool is_apple(const Target& target);
/// `arm-64-linux` and the like: Halide's name without features.
std::string platform_name(const Target& target);

/// `host`, or Halide's name: arm-64-{linux,android,ios,osx}, x86-64-linux, with features after dashes, some of which
/// (`i8mm`, `avxvnni`) are ours. Throws UsageError for anything else, naming the accepted forms, and for a feature that
/// there is no code for.
Target parse_target(const std::string& name);

/// What one library is made for: the instruction sets of one platform that it has code for.
struct TargetSet {
  std::string name;             // as the user wrote it
  std::string folder;           // of the outputs: the name without its list
  std::vector<Target> targets;  // one per instruction set, best first
  bool is_list = false;         // the library finds out at run time what the CPU has
};

/// A target as above, or a platform and a list of instruction sets in any order: `arm-64-android:dotprod,i8mm,base`,
/// `x86-64-linux:avx512vnni,avxvnni,avx2,base`. Throws UsageError.
TargetSet parse_target_set(const std::string& name);

/// Cuts what the user wrote, target sets with commas between them, at the commas that are in no list. Names a set once.
std::vector<std::string> split_target_sets(const std::string& text);

}  // namespace qatc
