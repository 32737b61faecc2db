#pragma once

#include <string>
#include <string_view>

#include "support/interruption.h"

namespace qatc {

/// The bytes of a file. Throws UserError `cannot read <path>: <reason>`.
std::string read_file(const std::string& path);

/// The file appears with all its bytes, or replaces the old one, or nothing happens: a reader never sees half a file
/// and a failure leaves nothing behind. Throws UserError `cannot write <path>: <reason>`.
void write_file_atomically(const std::string& path, std::string_view bytes);

/// Makes a folder and those above it, where missing. Throws UserError `cannot make folder <path>: <reason>`.
void make_folder(const std::string& path);

/// A new, empty folder that is deleted with all its content at the end of the scope, unless it was renamed by then; also
/// where SIGINT or SIGTERM ends it (interruption.h).
class TemporaryDirectory {
 public:
  /// In $TMPDIR or /tmp.
  TemporaryDirectory();
  /// In `parent`, so that a rename within that folder's file system is possible.
  explicit TemporaryDirectory(const std::string& parent);
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }

 private:
  const SignalsNoted signals_;
  std::string path_;
};

}  // namespace qatc
