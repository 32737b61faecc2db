#include "emit/embedded.h"

#include <string>

#include "support/error.h"

// embedded_data.S includes the files.
#define QATC_EMBEDDED(stem) extern "C" const char qatc_embedded_##stem##_begin[], qatc_embedded_##stem##_end[];
#include "emit/embedded.def"
#undef QATC_EMBEDDED

namespace qatc {

std::string_view embedded_file(std::string_view name) {
  std::string stem(name);
  for (char& c : stem) {
    if (c == '.') c = '_';
  }
#define QATC_EMBEDDED(s) \
  if (stem == #s)        \
    return {qatc_embedded_##s##_begin, static_cast<size_t>(qatc_embedded_##s##_end - qatc_embedded_##s##_begin)};
#include "emit/embedded.def"
#undef QATC_EMBEDDED
  throw InternalError("no embedded file " + stem);
}

}  // namespace qatc
