#include "support/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "support/error.h"

namespace qatc {

namespace {

namespace fs = std::filesystem;

/// Closes a file descriptor at the end of the scope.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  /// Whether the file system has taken everything.
  bool close() { return ::close(std::exchange(fd_, -1)) == 0; }

 private:
  int fd_;
};

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

/// Beside `path`, so that renaming stays within one file system; unlike any other's, so that two writers do not meet.
std::string partial_path(const std::string& path) {
  static std::atomic<int> count{0};
  return path + "." + std::to_string(::getpid()) + "-" + std::to_string(count++) + ".partial";
}

std::string new_folder_in(const std::string& parent) {
  std::string path = parent + "/qatc-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) {
    throw UserError("cannot make a temporary folder in " + parent + ": " + std::strerror(errno));
  }
  return path;
}

std::string default_parent() {
  const char* folder = std::getenv("TMPDIR");
  return folder != nullptr && *folder != '\0' ? folder : "/tmp";
}

}  // namespace

std::string read_file(const std::string& path) {
  const auto fail = [&]() { return UserError("cannot read " + path + ": " + std::strerror(errno)); };
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) throw fail();
  std::string bytes;
  char chunk[1 << 16];
  while (true) {
    const ssize_t size = ::read(file.get(), chunk, sizeof chunk);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) throw fail();
    if (size == 0) return bytes;
    bytes.append(chunk, static_cast<size_t>(size));
  }
}

void write_file_atomically(const std::string& path, std::string_view bytes) {
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  // What a link leads to is replaced, not the link.
  if (fs::exists(status) && fs::is_symlink(path, ignored)) return write_file_atomically(fs::canonical(path), bytes);
  // A device or a pipe is written in place: renaming a file over /dev/null would take it from everybody.
  const bool special = fs::exists(status) && fs::is_other(status);
  const std::string partial = special ? path : partial_path(path);
  const int flags = special ? O_WRONLY : O_WRONLY | O_CREAT | O_EXCL;
  Descriptor file(::open(partial.c_str(), flags | O_CLOEXEC, 0666));
  if (file.get() < 0) throw UserError("cannot write " + path + ": " + std::strerror(errno));
  if (!write_all(file.get(), bytes) || !file.close() || (!special && std::rename(partial.c_str(), path.c_str()) != 0)) {
    const int reason = errno;
    if (!special) ::unlink(partial.c_str());
    throw UserError("cannot write " + path + ": " + std::strerror(reason));
  }
}

void make_folder(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) throw UserError("cannot make folder " + path + ": " + error.message());
}

TemporaryDirectory::TemporaryDirectory() : TemporaryDirectory(default_parent()) {}

TemporaryDirectory::TemporaryDirectory(const std::string& parent) : path_(new_folder_in(parent)) {}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;  // what cannot be deleted stays; nobody could do anything about it
  fs::remove_all(path_, ignored);
}

}  // namespace qatc
