#include "support/embedded.h"

#include "support/error.h"
#include "support/files.h"

namespace qatc {

struct EmbeddedFile {
  const char *name, *begin, *end;
};

// In the assembly that CMake's qatc_embed writes. The last one has no name.
extern "C" const EmbeddedFile qatc_embedded_files[];

std::string_view embedded_file(std::string_view name) {
  for (const EmbeddedFile* file = qatc_embedded_files; file->name != nullptr; ++file) {
    if (file->name == name) return {file->begin, static_cast<size_t>(file->end - file->begin)};
  }
  throw InternalError("no embedded file " + std::string(name));
}

void write_embedded_files(std::initializer_list<const char*> names, const std::string& folder) {
  for (const char* name : names) write_file_atomically(folder + "/" + name, embedded_file(name));
}

}  // namespace qatc
