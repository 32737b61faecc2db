#include <cmath>

#include "ops/op.h"
#include "ops/operands.h"
#include "ops/requantize.h"
#include "qatc_driver_support.h"
#include "support/error.h"

namespace qatc {

namespace {

void normalize_real(const InstanceNorm& op, const Tensor& x, const Tensor& gamma, const Tensor& beta, Tensor& result) {
  const auto channels = static_cast<size_t>(x.shape[3]);
  const size_t pixels = x.real.size() / channels;
  for (size_t c = 0; c < channels; ++c) {
    double sum = 0;
    for (size_t p = 0; p < pixels; ++p) sum += x.real[p * channels + c];
    const double mean = sum / static_cast<double>(pixels);
    double squares = 0;
    for (size_t p = 0; p < pixels; ++p) {
      const double deviation = x.real[p * channels + c] - mean;
      squares += deviation * deviation;
    }
    const double variance = squares / static_cast<double>(pixels);
    const double inverse = gamma.real[c] / std::sqrt(variance + static_cast<double>(op.epsilon));
    for (size_t p = 0; p < pixels; ++p) {
      double& y = result.real[p * channels + c];
      y = (x.real[p * channels + c] - mean) * inverse + beta.real[c];
    }
  }
}

}  // namespace

Shape infer_shape(const InstanceNorm&, const std::vector<TensorType>& inputs) {
  QATC_CHECK(inputs.size() == 3, "instance_norm has an activation, gamma and beta");
  const Shape expected{image_channels(inputs[0])};
  for (size_t i : {1, 2}) {
    if (inputs[i].shape != expected) {
      throw UserError("scale and bias must have shape " + shape_text(expected) + ", got " +
                      shape_text(inputs[i].shape));
    }
  }
  return inputs[0].shape;
}

void verify(const InstanceNorm& op, const std::vector<TensorType>& inputs, const TensorType& output) {
  QATC_CHECK(inputs.size() == 3, "instance_norm has an activation, gamma and beta");
  QATC_CHECK(std::isfinite(op.epsilon) && op.epsilon >= 0, "epsilon is not a number of at least 0");
  verify_real_or_8bit({inputs[0]}, output);
  QATC_CHECK(inputs[1].is_real() && inputs[2].is_real(), "gamma and beta are real");
}

// On 8-bit tensors the statistics are exact integer sums, so they depend on no order of summation; the coefficients
// come from the very function that the generated code calls.
Tensor reference(const InstanceNorm& op, const std::vector<const Tensor*>& inputs,
                 const std::vector<TensorType>& input_types, const TensorType& output, Rounding rounding) {
  const Tensor& x = *inputs[0];
  Tensor result = Tensor::zeros(output.dtype, x.shape);
  if (output.is_real()) {
    normalize_real(op, x, *inputs[1], *inputs[2], result);
    return result;
  }
  const auto channels = static_cast<size_t>(x.shape[3]);
  std::vector<int64_t> sum(channels);
  std::vector<int64_t> sum_of_squares(channels);
  for (size_t i = 0; i < x.integers.size(); ++i) {
    const int64_t q = x.integers[i];
    sum[i % channels] += q;
    sum_of_squares[i % channels] += q * q;
  }
  const std::vector<float> gamma(inputs[1]->real.begin(), inputs[1]->real.end());
  const std::vector<float> beta(inputs[2]->real.begin(), inputs[2]->real.end());
  const int32_t zero_point = input_types[0].quant->zero_point_at(0);
  std::vector<double> a(channels);
  std::vector<double> b(channels);
  const qatc_norm_parameters norm{
      .channels = static_cast<int32_t>(channels),
      .scale_in = input_types[0].quant->scale_at(0),
      .zero_point = zero_point,
      .epsilon = op.epsilon,
      .gamma = gamma.data(),
      .beta = beta.data(),
      .scale_out = output.quant->scale_at(0),
  };
  qatc_norm_coefficients(&norm, x.shape[1] * x.shape[2], sum.data(), sum_of_squares.data(), a.data(), b.data());
  for (size_t i = 0; i < x.integers.size(); ++i) {
    const double steps = quantized_affine(x.integers[i] - zero_point, a[i % channels], b[i % channels], rounding);
    result.integers[i] = round_to_quantized(steps, output.quant->zero_point_at(0), output.dtype);
  }
  return result;
}

}  // namespace qatc
