#include "support/jobs.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <map>
#include <thread>

#include "support/error.h"
#include "support/files.h"
#include "support/interruption.h"

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

struct Failure {
  int status;
  std::string message;
};

std::string read_all(int pipe) {
  std::string text;
  char buffer[4096];
  for (ssize_t n = 0; (n = read(pipe, buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<size_t>(n));
  return text;
}

bool start(const std::function<void()>& job, size_t index, std::map<pid_t, Running>& running) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return false;  // programs that the job runs must not keep it open
  const pid_t child = fork();
  // A group of its own, in which the programs that it runs are, too. Whichever comes first, parent or child.
  if (child >= 0) setpgid(child, child);
  if (child == 0) {
    stop_noting_signals();
    close(ends[0]);
    run_child(job, ends[1]);
  }
  close(ends[1]);
  if (child < 0) {
    close(ends[0]);
    return false;
  }
  running[child] = {index, ends[0]};
  return true;
}

/// Waits for the next job to say or end something, which is when its process is done; nobody else's children are
/// touched.
void finish_one(std::map<pid_t, Running>& running, std::map<size_t, Failure>& failures) {
  std::vector<pollfd> pipes;
  pipes.reserve(running.size() + 1);
  for (const auto& [child, job] : running) pipes.push_back({job.pipe, POLLIN, 0});
  pipes.push_back({interruption_pipe(), POLLIN, 0});
  while (poll(pipes.data(), pipes.size(), -1) < 0) QATC_CHECK(errno == EINTR, "compile jobs are lost");
  pipes.pop_back();
  if (is_interrupted()) {
    for (const auto& [child, job] : running) kill(-child, SIGTERM);
  }
  const auto ready = std::find_if(pipes.begin(), pipes.end(), [](const pollfd& p) { return p.revents != 0; });
  const auto finished = ready == pipes.end() ? running.begin() : std::next(running.begin(), ready - pipes.begin());
  const auto [child, job] = *finished;
  // The pipe ends with the process.
  const std::string message = read_all(job.pipe);
  close(job.pipe);
  running.erase(finished);
  // What it has started and not waited for. Before it is waited for itself: the group's number is still its own.
  siginfo_t ended;
  while (waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT) < 0 && errno == EINTR) {
  }
  kill(-child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0) QATC_CHECK(errno == EINTR, "a compile job is lost");
  if (WIFSIGNALED(status)) {
    failures[job.job] = {kInternalError, "a compile job died of signal " + std::to_string(WTERMSIG(status))};
  } else if (WEXITSTATUS(status) != 0) {
    failures[job.job] = {WEXITSTATUS(status), message};
  }
}

}  // namespace

void run_jobs(const std::vector<std::function<void()>>& jobs, int parallel,
              const std::function<void(int done)>& progress) {
  if (parallel <= 0) parallel = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  std::map<pid_t, Running> running;
  std::map<size_t, Failure> failures;
  size_t next = 0;
  int done = 0;
  std::fflush(nullptr);
  const SignalsNoted signals;
  // After a failure nothing new starts; what runs is let finish, so that nobody works in a folder that is gone and the
  // first failure in order is found.
  const auto may_start = [&] { return next < jobs.size() && failures.empty() && !is_interrupted(); };
  while (may_start() || !running.empty()) {
    if (may_start() && running.size() < static_cast<size_t>(parallel)) {
      if (!start(jobs[next], next, running)) {
        failures[next] = {kInternalError, std::string("cannot start a compile job: ") + std::strerror(errno)};
      }
      ++next;
      continue;
    }
    finish_one(running, failures);
    ++done;
    if (progress) progress(done);
  }
  stop_if_interrupted();
  if (failures.empty()) return;
  const Failure& first = failures.begin()->second;
  if (first.status == kUserError) throw UserError(first.message);
  throw InternalError(first.message);
}

ProcessResult run_process_in_job(const std::vector<std::string>& command, std::optional<double> most_seconds) {
  const TemporaryDirectory folder;
  const std::string out = folder.path() + "/out";
  const std::string err = folder.path() + "/err";
  const std::string end = folder.path() + "/end";
  const auto run = [&] {
    const ProcessResult result = run_process(command, most_seconds);
    write_file_atomically(out, result.out);
    write_file_atomically(err, result.err);
    write_file_atomically(end, std::to_string(result.status) + (result.is_late ? " late" : ""));
  };
  run_jobs({run}, 1, {});
  const std::string ended = read_file(end);
  return {std::stoi(ended), ended.find(' ') != std::string::npos, read_file(out), read_file(err)};
}

}  // namespace qatc
