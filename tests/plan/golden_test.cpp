#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "plan/plan_testing.h"
#include "support/files.h"

namespace qatc::testing {
namespace {

// Each golden/*.txt holds a comment, a graph after `---- input` and its plan after `---- plan`. QATC_REBASE=1 writes the
// plans.

std::vector<std::filesystem::path> golden_files() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(QATC_GOLDEN_DIR)) files.push_back(entry);
  std::sort(files.begin(), files.end());
  return files;
}

class Golden : public ::testing::TestWithParam<std::filesystem::path> {};

TEST_P(Golden, Matches) {
  const std::string text = read_file(GetParam().string());
  const size_t plan = text.find(kPlanMark);
  ASSERT_NE(plan, std::string::npos);
  const std::string actual = text.substr(0, plan) + kPlanMark + print(plan_of(input_of(text)));
  if (std::getenv("QATC_REBASE") != nullptr) {
    write_file_atomically(GetParam().string(), actual);
  } else {
    EXPECT_EQ(actual, text) << "QATC_REBASE=1 accepts the new plan";
  }
}

INSTANTIATE_TEST_SUITE_P(Plan, Golden, ::testing::ValuesIn(golden_files()),
                         [](const auto& info) { return info.param.stem().string(); });

}  // namespace
}  // namespace qatc::testing
