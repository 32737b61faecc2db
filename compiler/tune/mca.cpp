#include "tune/mca.h"

#include <cstdlib>

#include "support/files.h"
#include "support/process.h"

namespace qatc {

std::optional<double> mca_cycles(const std::string& loop, const Target& target, const Core& core) {
  constexpr int kTimes = 100;
  std::optional<std::string> program;
  for (const char* name : {"llvm-mca-22", "llvm-mca-21", "llvm-mca-20", "llvm-mca-19"}) {
    if (!program) program = find_program(name);
  }
  if (!program || loop.empty()) return std::nullopt;
  const TemporaryDirectory folder;
  write_file_atomically(folder.path() + "/loop.s", loop);
  const ProcessResult result =
      run_process({*program, "-mtriple=" + target.clang_triple, "-mcpu=" + std::string(core.name),
                   "-mattr=+dotprod,+i8mm", "-iterations=" + std::to_string(kTimes), folder.path() + "/loop.s"});
  const std::string label = "Total Cycles:";
  const size_t at = result.out.find(label);
  if (result.status != 0 || at == std::string::npos) return std::nullopt;
  return std::strtod(result.out.c_str() + at + label.size(), nullptr) / kTimes;
}

}  // namespace qatc
