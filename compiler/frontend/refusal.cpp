#include "frontend/refusal.h"

namespace qatc {

std::string quoted(std::string_view name) {
  constexpr size_t kLongest = 200;
  std::string text = "'";
  for (char c : name.substr(0, kLongest)) text += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
  if (name.size() > kLongest) text += "...";
  return text + "'";
}

}  // namespace qatc
