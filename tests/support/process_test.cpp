#include "support/process.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>

#include "support/error.h"
#include "support/files.h"
#include "support/interruption.h"
#include "support/jobs.h"

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

TEST(Process, IsEndedWhenItIsLate) {
  const auto start = std::chrono::steady_clock::now();
  const ProcessResult late = run_process({"sh", "-c", "echo begun; exec sleep 100"}, 0.3);
  EXPECT_TRUE(late.is_late);
  EXPECT_EQ(late.status, 128 + 9);
  EXPECT_EQ(late.out, "begun\n");
  EXPECT_TRUE(run_process({"sh", "-c", "while :; do echo more; done"}, 0.3).is_late);
  EXPECT_TRUE(run_process({"sh", "-c", "exec >&- 2>&-; exec sleep 100"}, 0.3).is_late);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(50));
  EXPECT_FALSE(run_process({"echo"}, 50).is_late);
}

TEST(Interruption, TakesEffectAfterAllWhereNobodyAsks) {
  const auto is_ended_late = [] {
    std::string path;
    {
      const TemporaryDirectory folder;
      path = folder.path();
      std::raise(SIGTERM);
    }
    std::_Exit(1);
  };
  EXPECT_EXIT(is_ended_late(), ::testing::KilledBySignal(SIGTERM), "");
  const auto was_to_be_ignored = [] {
    std::signal(SIGINT, SIG_IGN);
    const TemporaryDirectory folder;
    std::raise(SIGINT);
    std::_Exit(is_interrupted() ? 1 : 0);
  };
  EXPECT_EXIT(was_to_be_ignored(), ::testing::ExitedWithCode(0), "");
}

// A script that hangs in a program of its own.
TEST(Jobs, EndWithAllThatTheyStarted) {
  const TemporaryDirectory folder;
  const std::string number = folder.path() + "/number";
  EXPECT_TRUE(run_process_in_job({"sh", "-c", "sleep 100 & echo $! > " + number + "; wait"}, 0.3).is_late);
  const pid_t sleeper = std::stoi(read_file(number));
  ASSERT_GT(sleeper, 0);
  const auto is_there = [&] {
    if (kill(sleeper, 0) != 0) return false;
    const std::string stat = read_file("/proc/" + std::to_string(sleeper) + "/stat");
    return stat.find(") Z ") == std::string::npos;  // ended, but nobody has asked yet
  };
  for (int i = 0; is_there() && i < 100; ++i) usleep(20000);
  EXPECT_FALSE(is_there());
}

// The folder's being there is what has the signal noted.
TEST(Process, IsEndedByAnInterruption) {
  const auto start = std::chrono::steady_clock::now();
  for (const int signal : {SIGINT, SIGTERM}) {
    std::string path;
    EXPECT_THROW(
        {
          const TemporaryDirectory folder;
          path = folder.path();
          run_process({"sh", "-c", "kill -" + std::to_string(signal) + " $PPID; exec sleep 100"}, 50);
        },
        Interrupted);
    EXPECT_FALSE(std::filesystem::exists(path));
  }
  // One that has nothing more to say.
  EXPECT_THROW(
      {
        const TemporaryDirectory folder;
        run_process({"sh", "-c", "exec >&- 2>&-; kill -2 $PPID; exec sleep 100"}, 50);
      },
      Interrupted);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(40));
  EXPECT_EQ(run_process({"sh", "-c", "kill -2 $$"}).status, 128 + 2);  // which is not noted
  const TemporaryDirectory after;
  EXPECT_EQ(run_process({"echo"}).status, 0);
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
