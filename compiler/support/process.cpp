#include "support/process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <sstream>
#include <utility>

#include "support/error.h"
#include "support/interruption.h"

extern char** environ;

namespace qatc {

namespace {

UserError cannot_run(const std::string& program, int reason) {
  return UserError("cannot run " + program + ": " + std::strerror(reason));
}

/// Both ends close on exec, so that processes started by other threads at the same time do not keep them open.
struct Pipe {
  int read_end = -1, write_end = -1;

  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return;
    read_end = ends[0];
    write_end = ends[1];
  }
  ~Pipe() {
    close(read_end);
    close(write_end);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  static void close(int& fd) {
    if (fd >= 0) ::close(fd);
    fd = -1;
  }
};

struct SpawnActions {
  posix_spawn_file_actions_t actions;
  SpawnActions() { posix_spawn_file_actions_init(&actions); }
  ~SpawnActions() { posix_spawn_file_actions_destroy(&actions); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
};

pid_t start(const std::vector<std::string>& command, const Pipe& out, const Pipe& err) {
  SpawnActions spawn;
  posix_spawn_file_actions_addopen(&spawn.actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&spawn.actions, out.write_end, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&spawn.actions, err.write_end, STDERR_FILENO);
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  pid_t pid = 0;
  const int reason = ::posix_spawnp(&pid, arguments[0], &spawn.actions, nullptr, arguments.data(), environ);
  if (reason != 0) throw cannot_run(command[0], reason);
  return pid;
}

using Clock = std::chrono::steady_clock;

/// For poll: rounded up, so that it does not return just before the deadline again and again.
int milliseconds_until(const std::optional<Clock::time_point>& deadline) {
  if (!deadline) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - Clock::now()).count();
  return static_cast<int>(std::clamp<int64_t>(left, 0, std::numeric_limits<int>::max()));
}

/// Reads both pipes as they fill, or the process would wait for us while we wait for it. Returns false when the deadline
/// passes or an interruption comes before they end.
bool drain(Pipe& out, Pipe& err, const std::optional<Clock::time_point>& deadline, ProcessResult& result) {
  std::array<std::pair<int*, std::string*>, 2> streams{{{&out.read_end, &result.out}, {&err.read_end, &result.err}}};
  while (out.read_end >= 0 || err.read_end >= 0) {
    // poll skips fd -1
    std::array<pollfd, 3> polled{
        {{out.read_end, POLLIN, 0}, {err.read_end, POLLIN, 0}, {interruption_pipe(), POLLIN, 0}}};
    const int timeout = milliseconds_until(deadline);
    const int ready = ::poll(polled.data(), polled.size(), timeout);
    if (ready < 0 && errno != EINTR) return true;
    if (timeout == 0 || is_interrupted()) return false;  // also of a process that never stops talking
    if (ready <= 0) continue;
    for (size_t i = 0; i < streams.size(); ++i) {
      if (polled[i].fd < 0 || polled[i].revents == 0) continue;
      char chunk[4096];
      const ssize_t size = ::read(*streams[i].first, chunk, sizeof chunk);
      if (size > 0) streams[i].second->append(chunk, static_cast<size_t>(size));
      if (size == 0 || (size < 0 && errno != EINTR)) Pipe::close(*streams[i].first);
    }
  }
  return true;
}

/// The exit status, or nullopt when the deadline passes or an interruption comes before: a process may end its streams and
/// go on.
std::optional<int> wait_for(pid_t pid, const std::optional<Clock::time_point>& deadline) {
  constexpr int kMilliseconds = 10;  // between looks
  int status = 0;
  for (pid_t ended = 0; ended == 0;) {
    ended = ::waitpid(pid, &status, WNOHANG);
    QATC_CHECK(ended >= 0 || errno == EINTR, "waitpid: " + std::string(std::strerror(errno)));
    if (ended > 0) break;
    ended = 0;
    if (milliseconds_until(deadline) == 0 || is_interrupted()) return std::nullopt;
    pollfd interruption{interruption_pipe(), POLLIN, 0};
    ::poll(&interruption, 1, kMilliseconds);
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

ProcessResult run_process(const std::vector<std::string>& command, std::optional<double> most_seconds) {
  QATC_CHECK(!command.empty(), "no program to run");
  Pipe out;
  Pipe err;
  if (out.read_end < 0 || err.read_end < 0) throw cannot_run(command[0], errno);
  const pid_t pid = start(command, out, err);
  Pipe::close(out.write_end);
  Pipe::close(err.write_end);
  ProcessResult result;
  std::optional<Clock::time_point> deadline;
  if (most_seconds) {
    deadline = Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(*most_seconds));
  }
  std::optional<int> status;
  if (drain(out, err, deadline, result)) status = wait_for(pid, deadline);
  result.is_late = !status;
  if (!status) {
    ::kill(pid, SIGKILL);
    int killed = 0;
    while (::waitpid(pid, &killed, 0) < 0) QATC_CHECK(errno == EINTR, "waitpid: " + std::string(std::strerror(errno)));
    status = 128 + SIGKILL;
  }
  result.status = *status;
  stop_if_interrupted();
  return result;
}

std::optional<std::string> find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) {
    return ::access(name.c_str(), X_OK) == 0 ? std::optional(name) : std::nullopt;
  }
  const char* path = std::getenv("PATH");
  std::istringstream folders(path != nullptr ? path : "");
  for (std::string folder; std::getline(folders, folder, ':');) {
    const std::string candidate = (folder.empty() ? "." : folder) + "/" + name;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return std::nullopt;
}

}  // namespace qatc
