#include <gtest/gtest.h>

#include <cctype>
#include <set>
#include <sstream>
#include <string>

#include "frontend/rows.h"
#include "support/files.h"

namespace qatc::test {
namespace {

/// The ops that the README's table of what is supported names: all words that begin with a capital outside of
/// parentheses.
std::set<std::string> ops_of_readme() {
  const std::string head = "| ops | ";
  std::istringstream lines(read_file(QATC_README));
  std::set<std::string> ops;
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind(head, 0) != 0) continue;
    std::string word;
    int depth = 0;
    for (const char c : line.substr(head.size())) {
      if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
        word += c;
        continue;
      }
      if (depth == 0 && !word.empty() && std::isupper(static_cast<unsigned char>(word[0])) != 0) ops.insert(word);
      word.clear();
      depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    }
  }
  return ops;
}

TEST(Readme, NamesEveryOpOfTheImporter) {
  std::set<std::string> ops;
  for (const ImportRow& row : import_rows()) ops.insert(row.op_type);
  EXPECT_EQ(ops_of_readme(), ops);
}

}  // namespace
}  // namespace qatc::test
