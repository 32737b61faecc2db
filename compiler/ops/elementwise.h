#pragma once

#include "ir/tensor.h"
#include "ir/type.h"
#include "ops/requantize.h"

namespace qatc {

/// f of every element: of the real value, or, on 8-bit tensors, quantize(f(dequantize(q))) in double.
template <class F>
Tensor map_elements(const Tensor& x, const TensorType& input, const TensorType& output, F&& f) {
  Tensor result = Tensor::zeros(output.dtype, x.shape);
  if (input.is_real()) {
    for (size_t i = 0; i < x.real.size(); ++i) result.real[i] = f(x.real[i]);
    return result;
  }
  const double scale_in = input.quant->scale_at(0);
  const double scale_out = output.quant->scale_at(0);
  const int32_t zero_in = input.quant->zero_point_at(0);
  const int32_t zero_out = output.quant->zero_point_at(0);
  for (size_t i = 0; i < x.integers.size(); ++i) {
    const double value = f((x.integers[i] - zero_in) * scale_in);
    result.integers[i] = round_to_quantized(value / scale_out, zero_out, output.dtype);
  }
  return result;
}

}  // namespace qatc
