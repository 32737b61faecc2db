#pragma once

#include <functional>
#include <string>

namespace qatc {

/// text(element) of each element, with `separator` between them.
template <class Range, class Text = std::identity>
std::string join(const Range& range, Text text = {}, const char* separator = ", ") {
  std::string result;
  bool is_first = true;
  for (const auto& element : range) {
    if (!is_first) result += separator;
    is_first = false;
    result += text(element);
  }
  return result;
}

}  // namespace qatc
