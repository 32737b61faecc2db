#pragma once

#include <cstdint>
#include <vector>

#include "ir/type.h"

namespace qatc {

/// Concrete values of a tensor: a constant of the graph or a value in the reference evaluator.
/// Real tensors use `real`, all others `integers`; row-major in the order of `shape`.
struct Tensor {
  DType dtype = DType::kF32;
  std::vector<int64_t> shape;
  std::vector<double> real;
  std::vector<int32_t> integers;

  static Tensor zeros(DType dtype, std::vector<int64_t> shape);
  int64_t size() const;
  friend bool operator==(const Tensor&, const Tensor&) = default;
};

}  // namespace qatc
