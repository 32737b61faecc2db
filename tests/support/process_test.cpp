#include "support/process.h"

#include <gtest/gtest.h>

#include "support/error.h"

namespace qatc {
namespace {

TEST(Process, ArgumentsGoThroughNoShell) {
  const ProcessResult result = run_process({"printf", "%s|", "a b", "$HOME", "'*'", ""});
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.out, "a b|$HOME|'*'||");
}

TEST(Process, BothStreamsMayBeLong) {
  const ProcessResult result = run_process({"sh", "-c", "seq 100000; seq 200000 >&2; exit 7"});
  EXPECT_EQ(result.status, 7);
  EXPECT_EQ(result.out.size(), 588895U);
  EXPECT_EQ(result.err.size(), 1288895U);
}

TEST(Process, InputIsEmptyAndSignalsAreSeen) {
  EXPECT_EQ(run_process({"cat"}).out, "");
  EXPECT_EQ(run_process({"sh", "-c", "kill -9 $$"}).status, 128 + 9);
}

TEST(Process, MissingProgram) {
  try {
    run_process({"no-such-program"});
    FAIL();
  } catch (const UserError& error) {
    EXPECT_STREQ(error.what(), "cannot run no-such-program: No such file or directory");
  }
  EXPECT_FALSE(find_program("no-such-program"));
  EXPECT_TRUE(find_program("sh"));
}

}  // namespace
}  // namespace qatc
