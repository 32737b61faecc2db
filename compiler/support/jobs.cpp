#include "support/jobs.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <map>
#include <thread>

#include "support/error.h"

namespace qatc {

namespace {

constexpr int kUserError = 1;
constexpr int kInternalError = 3;

struct Running {
  size_t job;
  int pipe;  // carries the message of a failure
};

/// Never returns: what the parent's atexit handlers would do is the parent's business.
[[noreturn]] void run_child(const std::function<void()>& job, int pipe) {
  int status = 0;
  std::string message;
  try {
    job();
  } catch (const UserError& error) {
    status = kUserError;
    message = error.what();
  } catch (const std::exception& error) {
    status = kInternalError;
    message = error.what();
  }
  // A pipe holds 64 KB; a longer message than this helps nobody.
  message.resize(std::min<size_t>(message.size(), 16384));
  const ssize_t written = write(pipe, message.data(), message.size());
  _exit(written < 0 ? kInternalError : status);
}

std::string read_all(int pipe) {
  std::string text;
  char buffer[4096];
  for (ssize_t n = 0; (n = read(pipe, buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<size_t>(n));
  return text;
}

}  // namespace

void run_jobs(const std::vector<std::function<void()>>& jobs, int parallel,
              const std::function<void(int done)>& progress) {
  if (parallel <= 0) parallel = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  std::map<pid_t, Running> running;
  std::map<size_t, std::pair<int, std::string>> failures;
  size_t next = 0;
  int done = 0;
  std::fflush(nullptr);
  while (next < jobs.size() || !running.empty()) {
    // After a failure nothing new starts; what runs is let finish, so the first failure in order is found.
    if (next < jobs.size() && failures.empty() && running.size() < static_cast<size_t>(parallel)) {
      int ends[2];
      if (pipe(ends) != 0) throw InternalError("cannot make a pipe");
      const pid_t child = fork();
      if (child < 0) throw InternalError("cannot fork");
      if (child == 0) {
        close(ends[0]);
        run_child(jobs[next], ends[1]);
      }
      close(ends[1]);
      running[child] = {next++, ends[0]};
      continue;
    }
    if (running.empty()) break;
    int status = 0;
    const pid_t child = waitpid(-1, &status, 0);
    if (child < 0 && errno == EINTR) continue;
    const auto found = running.find(child);
    if (found == running.end()) continue;
    const std::string message = read_all(found->second.pipe);
    close(found->second.pipe);
    if (WIFSIGNALED(status)) {
      failures[found->second.job] = {kInternalError,
                                     "a compile job died of signal " + std::to_string(WTERMSIG(status))};
    } else if (WEXITSTATUS(status) != 0) {
      failures[found->second.job] = {WEXITSTATUS(status), message};
    }
    running.erase(found);
    ++done;
    if (progress) progress(done);
  }
  if (failures.empty()) return;
  const auto& [status, message] = failures.begin()->second;
  if (status == kUserError) throw UserError(message);
  throw InternalError(message);
}

}  // namespace qatc
