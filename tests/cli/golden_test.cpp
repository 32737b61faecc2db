#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "support/files.h"
#include "support/process.h"

// Each golden/*.txt is a session in a shell: `$ command` lines, each followed by what the command prints,
// with `| ` before lines of stdout and `! ` before those of stderr, and `[status]` when it is not 0. Lines
// that begin with `#` are comments. QATC_REBASE=1 writes what the commands print.
//
// The commands of a file run one after another in a new folder where `qatc` is found, `models` is
// tests/models, and temporary files are made in `tmp`. Times and sizes of files are replaced by N.

namespace qatc {
namespace {

namespace fs = std::filesystem;

std::string without_measurements(std::string text) {
  text = std::regex_replace(text, std::regex(" +[0-9.]+ KB"), " N KB");
  text = std::regex_replace(text, std::regex("in [0-9.]+ s\\b"), "in N s");
  return std::regex_replace(text, std::regex("in [0-9.]+ ms\\b"), "in N ms");
}

std::string with_prefix(const std::string& text, const std::string& prefix) {
  std::istringstream lines(text);
  std::string result;
  for (std::string line; std::getline(lines, line);) result += prefix + line + "\n";
  return result;
}

/// What the golden file says after `$ command`.
std::string run_command(const std::string& command, const std::string& folder) {
  const std::string script = "cd '" + folder + "' && PATH='" QATC_BIN_DIR "':\"$PATH\" && TMPDIR='" + folder +
                             "/tmp' XDG_CACHE_HOME='" + folder +
                             "/cache' && export PATH TMPDIR XDG_CACHE_HOME && unset QATC_REBASE && " + command;
  const ProcessResult result = run_process({"sh", "-c", script});
  std::string text =
      with_prefix(without_measurements(result.out), "| ") + with_prefix(without_measurements(result.err), "! ");
  text = std::regex_replace(text, std::regex(folder), "FOLDER");
  return text + (result.status == 0 ? "" : "[" + std::to_string(result.status) + "]\n");
}

std::string run_session(const std::string& golden) {
  const TemporaryDirectory folder;
  fs::create_directory(folder.path() + "/tmp");
  fs::create_directory_symlink(QATC_MODELS_DIR, folder.path() + "/models");
  std::istringstream lines(golden);
  std::string session;
  for (std::string line; std::getline(lines, line);) {
    const bool is_output = line.rfind("| ", 0) == 0 || line.rfind("! ", 0) == 0 || line.rfind('[', 0) == 0;
    if (is_output) continue;
    session += line + "\n";
    if (line.rfind("$ ", 0) == 0) session += run_command(line.substr(2), folder.path());
  }
  return session;
}

std::vector<fs::path> golden_files() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(QATC_GOLDEN_DIR)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

class CliGolden : public testing::TestWithParam<fs::path> {};

TEST_P(CliGolden, Matches) {
  const std::string golden = read_file(GetParam().string());
  const std::string session = run_session(golden);
  if (std::getenv("QATC_REBASE") != nullptr) {
    write_file_atomically(GetParam().string(), session);
  } else {
    EXPECT_EQ(session, golden) << "QATC_REBASE=1 accepts the new output";
  }
}

INSTANTIATE_TEST_SUITE_P(Cli, CliGolden, testing::ValuesIn(golden_files()),
                         [](const auto& info) { return info.param.stem().string(); });

}  // namespace
}  // namespace qatc
