#pragma once

#include <cstdint>

namespace qatc {

// No image network comes near these; below them, no product of extents leaves int64.
constexpr int64_t kLargestSide = 1 << 16;
constexpr int64_t kMostChannels = 1 << 16;

}  // namespace qatc
