#include "ops/filter_weights.h"

#include <algorithm>
#include <cstdlib>

#include "ops/requantize.h"

namespace qatc {

int64_t FilterWeights::magnitude(int64_t output) const {
  int64_t sum = 0;
  for (int64_t i = output * taps(); i < (output + 1) * taps(); ++i) sum += std::abs((*this)[i]);
  return sum;
}

int64_t FilterWeights::largest_accumulator() const {
  int64_t largest = 0;
  for (int64_t o = 0; o < outputs(); ++o) largest = std::max(largest, magnitude(o));
  return largest * kLargestDifference;
}

}  // namespace qatc
