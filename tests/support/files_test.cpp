#include "support/files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "support/error.h"

namespace qatc {
namespace {

namespace fs = std::filesystem;

template <class Function>
std::string error_of(const Function& function) {
  try {
    function();
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

size_t entries(const std::string& folder) {
  return static_cast<size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

TEST(Files, WriteReplacesAndReadGivesBack) {
  const TemporaryDirectory folder;
  const std::string path = folder.path() + "/file";
  const std::string bytes("a\0\n\xFF", 4);
  write_file_atomically(path, "old, and longer than the new");
  write_file_atomically(path, bytes);
  EXPECT_EQ(read_file(path), bytes);
  EXPECT_EQ(entries(folder.path()), 1U);
}

TEST(Files, FailuresNameThePathAndLeaveNothing) {
  const TemporaryDirectory folder;
  const std::string& path = folder.path();
  write_file_atomically(path + "/file", "");
  EXPECT_EQ(error_of([&] { write_file_atomically(path + "/file/x", ""); }),
            "cannot write " + path + "/file/x: Not a directory");
  EXPECT_EQ(error_of([&] { write_file_atomically(path + "/no/x", ""); }),
            "cannot write " + path + "/no/x: No such file or directory");
  fs::create_directory(path + "/folder");
  EXPECT_EQ(error_of([&] { write_file_atomically(path + "/folder", ""); }),
            "cannot write " + path + "/folder: Is a directory");
  EXPECT_EQ(error_of([&] { make_folder(path + "/file/x"); }),
            "cannot make folder " + path + "/file/x: Not a directory");
  EXPECT_EQ(error_of([&] { read_file(path + "/no"); }), "cannot read " + path + "/no: No such file or directory");
  EXPECT_EQ(error_of([&] { read_file(path); }), "cannot read " + path + ": Is a directory");
  EXPECT_EQ(entries(path), 2U);
}

TEST(Files, PipesAndDevicesStayWhatTheyAre) {
  const TemporaryDirectory folder;
  const std::string path = folder.path() + "/pipe";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const int reader = ::open(path.c_str(), O_RDWR | O_NONBLOCK);  // keeps the writer from waiting
  ASSERT_GE(reader, 0);
  write_file_atomically(path, "abc");
  char bytes[4] = {};
  EXPECT_EQ(::read(reader, bytes, 3), 3);
  ::close(reader);
  EXPECT_STREQ(bytes, "abc");
  EXPECT_TRUE(fs::is_fifo(path));
}

TEST(Files, TemporaryDirectoryIsGoneAfterwards) {
  std::string path;
  {
    const TemporaryDirectory folder;
    path = folder.path();
    make_folder(path + "/a/b");
    write_file_atomically(path + "/a/b/c", "x");
  }
  EXPECT_FALSE(fs::exists(path));
}

}  // namespace
}  // namespace qatc
