// The C API, from programs as strict apps compile them.

#include <gtest/gtest.h>

#include "ir/parse.h"
#include "lower/target.h"
#include "ops/op.h"
#include "support/generated_library.h"

namespace qatc::testing {
namespace {

TEST(Api, FromCAndCpp) {
  const Graph graph = parse(read_file(std::string(QATC_TESTS_DIR) + "/emit/tiny.txt"));
  const std::string source = std::string(QATC_TESTS_DIR) + "/e2e/api.c";
  const std::vector<std::string> strict{"-Wall", "-Wextra", "-pedantic", "-Werror"};
  for (const Rounding rounding : {Rounding::kFloat, Rounding::kExact}) {
    GeneratedLibrary library(make_plan(graph, rounding), runnable({"host", "arm-64-linux-arm_dot_prod"}), "tiny");
    for (const std::string& target : library.targets()) {
      std::vector<std::vector<std::string>> languages{{"-std=c11"}};
      if (target == "host") languages.push_back({"-std=c++17", "-x", "c++"});
      for (std::vector<std::string> flags : languages) {
        SCOPED_TRACE(target + " " + flags.front());
        flags.insert(flags.begin(), strict.begin(), strict.end());
        flags.push_back("-DTINY_NEEDS=" + std::to_string(required_features(parse_target(target).isa)));
        std::vector<std::string> command = runner(target);
        command.push_back(library.link(target, source, flags));
        EXPECT_EQ(run_checked(command), "ok\n");
      }
    }
  }
}

}  // namespace
}  // namespace qatc::testing
