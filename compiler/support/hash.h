#pragma once

#include <cstdint>
#include <string_view>

namespace qatc {

/// FNV-1a, 64 bits (Fowler, Noll, Vo; http://www.isthe.com/chongo/tech/comp/fnv). Feed the result back in as `state` to
/// hash several pieces. Tells files apart; resists no one who wants a collision.
constexpr uint64_t fnv1a(std::string_view bytes, uint64_t state = 0xcbf29ce484222325) {
  for (char byte : bytes) {
    state ^= static_cast<uint8_t>(byte);
    state *= 0x100000001b3;
  }
  return state;
}

}  // namespace qatc
