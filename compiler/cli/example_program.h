#pragma once

#include <string>
#include <vector>

#include "lower/target.h"

namespace qatc {

/// The programs of runtime/examples. Their sources are part of the tool, so that it needs no installed files.
enum class Example {
  kEnhance,  // picture in, picture out
  kRunCase,  // raw tensor in, raw tensor out
};

/// A library that `compile` wrote.
struct CompiledModel {
  std::string folder;         // CompileOptions::output
  std::string target_folder;  // in it, TargetSet::folder
  std::string name;
};

/// Whether this machine runs the target's programs.
bool runs_here(const Target& target);

/// A command that compiles and links C for the target: `given`, cut at blanks, or when it is empty what this machine
/// has. Throws UserError when there is nothing.
std::vector<std::string> c_compiler(const Target& target, const std::string& given);

/// How the target's programs are run: `given`, cut at blanks, or this machine's own way, which is an emulator for
/// arm-64-linux elsewhere; empty: as they are. Throws UserError when there is none.
std::vector<std::string> program_runner(const Target& target, const std::string& given);

/// Compiles and links an example with the model into the file `program`.
void build_example(Example example, const CompiledModel& model, const Target& target,
                   const std::vector<std::string>& compiler, const std::string& program);

/// Cuts at blanks.
std::vector<std::string> split_words(const std::string& text);

}  // namespace qatc
