#pragma once

#include <array>
#include <cstdint>
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
    result += std::invoke(text, element);
  }
  return result;
}

/// "3x3".
inline std::string pair_text(const std::array<int64_t, 2>& pair) {
  return std::to_string(pair[0]) + "x" + std::to_string(pair[1]);
}

}  // namespace qatc
