#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "ir/parse.h"
#include "ir/print.h"
#include "ops/op.h"
#include "passes/pipeline.h"
#include "support/error.h"

// Each golden/*.txt holds a comment, `passes: NAME...` (or `passes: pipeline`), the input graph after `----
// input`, and after `---- output` what the passes make of it: a graph, or the lines of a UserError.
// QATC_REBASE=1 writes the outputs.

namespace qatc {
namespace {

constexpr const char* kInput = "---- input\n";
constexpr const char* kOutput = "---- output\n";

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

void run_named(const std::string& name, Graph& graph) {
  if (name == "pipeline") {
    run_passes(graph);
    return;
  }
  const auto found =
      std::find_if(pipeline().begin(), pipeline().end(), [&](const Pass& pass) { return pass.name == name; });
  ASSERT_NE(found, pipeline().end()) << "no pass is named " << name;
  found->run(graph);
  verify(graph);
}

std::string run(const std::string& names, const std::string& input) {
  try {
    Graph graph = parse(input);
    verify(graph);
    std::istringstream words(names);
    for (std::string name; words >> name;) run_named(name, graph);
    return print(graph);
  } catch (const UserError& error) {
    return "error:\n" + std::string(error.what()) + "\n";
  }
}

std::vector<std::filesystem::path> golden_files() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(QATC_GOLDEN_DIR)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

class Golden : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(Golden, Matches) {
  const std::string text = read(GetParam());
  const size_t passes = text.find("passes: ");
  const size_t input = text.find(kInput);
  const size_t output = text.find(kOutput);
  ASSERT_TRUE(passes < input && input < output && output != std::string::npos) << GetParam() << " lacks a section";
  const size_t names = passes + std::string("passes: ").size();
  const size_t begin = input + std::string(kInput).size();
  const std::string actual = run(text.substr(names, input - names), text.substr(begin, output - begin));
  const std::string kept = text.substr(0, output) + kOutput;
  if (std::getenv("QATC_REBASE") != nullptr) {
    std::ofstream(GetParam()) << kept << actual;
  } else {
    EXPECT_EQ(kept + actual, text) << "QATC_REBASE=1 accepts the new output";
  }
}

INSTANTIATE_TEST_SUITE_P(Passes, Golden, testing::ValuesIn(golden_files()),
                         [](const auto& info) { return info.param.stem().string(); });

}  // namespace
}  // namespace qatc
