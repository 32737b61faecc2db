#include "ir/tensor.h"

#include <functional>
#include <numeric>

namespace qatc {

Tensor Tensor::zeros(DType dtype, std::vector<int64_t> shape) {
  Tensor result{dtype, std::move(shape), {}, {}};
  const auto count = static_cast<size_t>(result.size());
  if (dtype == DType::kF32) {
    result.real.resize(count);
  } else {
    result.integers.resize(count);
  }
  return result;
}

int64_t Tensor::size() const { return std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>()); }

}  // namespace qatc
