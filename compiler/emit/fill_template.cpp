#include "emit/fill_template.h"

#include <set>

#include "support/embedded.h"
#include "support/error.h"

namespace qatc {

std::string fill_template(std::string_view file, const TemplateValues& values) {
  const std::string_view text = embedded_file(file);
  const std::string in_file = std::string(file) + ": ";
  std::set<std::string_view> used;
  std::string filled;
  size_t copied = 0;
  for (size_t begin = 0; (begin = text.find('@', copied)) != std::string_view::npos;) {
    const size_t end = text.find('@', begin + 1);
    const std::string_view name = text.substr(begin + 1, end - begin - 1);
    const auto value = values.find(name);
    if (value == values.end()) throw InternalError(in_file + "no value for @" + std::string(name) + "@");
    used.insert(name);
    filled.append(text, copied, begin - copied).append(value->second);
    copied = end + 1;
    if ((begin == 0 || text[begin - 1] == '\n') && text.substr(copied, 1) == "\n") ++copied;
  }
  for (const auto& [name, value] : values) {
    if (used.count(name) == 0) throw InternalError(in_file + "no place for @" + std::string(name) + "@");
  }
  return filled.append(text, copied);
}

}  // namespace qatc
