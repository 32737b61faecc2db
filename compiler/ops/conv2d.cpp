#include <algorithm>
#include <cmath>

#include "ops/filter_weights.h"
#include "ops/op.h"
#include "ops/operands.h"
#include "ops/requantize.h"
#include "support/error.h"

namespace qatc {

namespace {

/// The activations concatenated along the channels, each value minus its zero point, in a border of zeros: as padding
/// has real value 0, the sums below need no case for the image's edge.
template <class T>
struct PaddedImage {
  int64_t width, channels;
  std::vector<T> values;
  const T* pixel(int64_t y, int64_t x) const { return values.data() + (y * width + x) * channels; }
};

template <class T, class Values>
PaddedImage<T> pad_image(const Conv2d& op, const std::vector<const Tensor*>& activations, Values Tensor::*stored,
                         int32_t zero_point) {
  const int64_t in_height = activations[0]->shape[1];
  const int64_t in_width = activations[0]->shape[2];
  int64_t channels = 0;
  for (const Tensor* activation : activations) channels += activation->shape[3];
  const int64_t height = in_height + op.pad[0] + op.pad[2];
  PaddedImage<T> image{in_width + op.pad[1] + op.pad[3], channels, {}};
  image.values.resize(static_cast<size_t>(height * image.width * channels));
  int64_t offset = 0;
  for (const Tensor* activation : activations) {
    auto from = (activation->*stored).begin();
    const int64_t count = activation->shape[3];
    for (int64_t y = 0; y < in_height; ++y) {
      for (int64_t x = 0; x < in_width; ++x) {
        T* to = image.values.data() + ((y + op.pad[0]) * image.width + x + op.pad[1]) * channels + offset;
        for (int64_t c = 0; c < count; ++c) to[c] = static_cast<T>(*from++ - zero_point);
      }
    }
    offset += count;
  }
  return image;
}

/// The filter with its output channels innermost, (kh, kw, I, O), so that the inner loop of the sums is contiguous.
/// `value(flat index)` gives an element of the OHWI filter.
template <class T, class Value>
std::vector<T> transpose_filter(const std::vector<int64_t>& shape, Value&& value) {
  const int64_t outputs = shape[0];
  const int64_t taps = shape[1] * shape[2] * shape[3];
  std::vector<T> result(static_cast<size_t>(outputs * taps));
  for (int64_t o = 0; o < outputs; ++o) {
    for (int64_t t = 0; t < taps; ++t)
      result[static_cast<size_t>(t * outputs + o)] = static_cast<T>(value(o * taps + t));
  }
  return result;
}

/// sums[o] += x * weights[o]. The pointers do not overlap, which lets the compiler vectorize without a check.
template <class Sum, class T>
void multiply_accumulate(T x, const T* __restrict weights, int64_t count, Sum* __restrict sums) {
  for (int64_t o = 0; o < count; ++o) sums[o] += static_cast<Sum>(x) * static_cast<Sum>(weights[o]);
}

/// The convolution's sums, pixel by pixel: finish(flat index of the pixel, sums of all output channels). Real sums are
/// added up in the order ky, kx, input channel.
template <class Sum, class T, class Finish>
void convolve(const Conv2d& op, const PaddedImage<T>& image, const std::vector<T>& filter,
              const std::vector<int64_t>& filter_shape, int64_t height, int64_t width, Finish&& finish) {
  const int64_t outputs = filter_shape[0];
  std::vector<Sum> sums(static_cast<size_t>(outputs));
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      std::fill(sums.begin(), sums.end(), Sum{0});
      const T* weights = filter.data();
      for (int64_t ky = 0; ky < filter_shape[1]; ++ky) {
        for (int64_t kx = 0; kx < filter_shape[2]; ++kx) {
          const T* pixel = image.pixel(y * op.stride[0] + ky * op.dilation[0], x * op.stride[1] + kx * op.dilation[1]);
          for (int64_t i = 0; i < image.channels; ++i, weights += outputs) {
            multiply_accumulate(pixel[i], weights, outputs, sums.data());
          }
        }
      }
      finish(y * width + x, sums);
    }
  }
}

bool is_power_of_two(float value) {
  int exponent = 0;
  return std::frexp(value, &exponent) == 0.5F;
}

Extent output_extent(const Conv2d& op, size_t d, const Extent& in, int64_t kernel) {
  return window_extent(in, kernel, op.dilation[d], op.stride[d], op.pad[d], op.pad[d + 2]);
}

}  // namespace

Shape infer_shape(const Conv2d& op, const std::vector<TensorType>& inputs) {
  QATC_CHECK(op.activations >= 1 && inputs.size() == static_cast<size_t>(op.activations) + 2,
             "conv2d has its activations, a filter and a bias");
  const Shape& filter = inputs[inputs.size() - 2].shape;
  const Shape& bias = inputs[inputs.size() - 1].shape;
  if (filter.size() != 4 ||
      !std::all_of(filter.begin(), filter.end(), [](const Extent& e) { return e.is_constant() && e.constant() > 0; })) {
    throw UserError("the filter must have four constant dimensions, got " + shape_text(filter));
  }
  for (size_t d = 0; d < 2; ++d) {
    if (op.stride[d] < 1) throw UserError("strides must be positive");
    if (op.dilation[d] < 1) throw UserError("dilations must be positive");
    if (op.pad[d] < 0 || op.pad[d + 2] < 0) throw UserError("pads must not be negative");
  }
  Shape shape = inputs[0].shape;
  int64_t channels = 0;
  for (int64_t i = 0; i < op.activations; ++i) {
    const TensorType& activation = inputs[static_cast<size_t>(i)];
    channels += image_channels(activation);
    if (!std::equal(shape.begin(), shape.begin() + 3, activation.shape.begin())) {
      throw UserError("activations may differ in their channels only, got shapes " + shape_text(shape) + " and " +
                      shape_text(activation.shape));
    }
  }
  if (filter[3] != Extent(channels)) {
    throw UserError("the filter has " + filter[3].to_string() + " input channels, the activation " +
                    std::to_string(channels));
  }
  if (bias != Shape{filter[0]}) {
    throw UserError("the bias must have " + filter[0].to_string() + " elements, got shape " + shape_text(bias));
  }
  shape[1] = output_extent(op, 0, shape[1], filter[1].constant());
  shape[2] = output_extent(op, 1, shape[2], filter[2].constant());
  shape[3] = filter[0];
  return shape;
}

void verify(const Conv2d& op, const std::vector<TensorType>& inputs, const TensorType& output) {
  QATC_CHECK(op.activations >= 1 && inputs.size() == static_cast<size_t>(op.activations) + 2,
             "conv2d has its activations, a filter and a bias");
  const std::vector<TensorType> activations(inputs.begin(), inputs.end() - 2);
  const TensorType& filter = inputs[inputs.size() - 2];
  QATC_CHECK(inputs.back().is_real(), "the bias is real");
  verify_real_or_8bit(activations, output);
  for (const TensorType& activation : activations) verify_same_representation(activation, activations[0]);
  QATC_CHECK(filter.is_real() == output.is_real(), "activations, filter and result are all real or all integers");
  if (filter.is_real()) return;
  QATC_CHECK(filter.quant.has_value(), "the filter needs scales and zero points");
  QATC_CHECK(!filter.quant->axis || *filter.quant->axis == 0,
             "the filter is quantized per tensor or per output channel");
  if (filter.dtype == DType::kI32) {
    for (float scale : filter.quant->scale) {
      QATC_CHECK(is_power_of_two(scale), "the scales of a fixed point filter are powers of two");
    }
  }
}

Tensor reference(const Conv2d& op, const std::vector<const Tensor*>& inputs, const std::vector<TensorType>& input_types,
                 const TensorType& output, Rounding rounding) {
  const std::vector<const Tensor*> activations(inputs.begin(), inputs.end() - 2);
  const Tensor& filter = *inputs[inputs.size() - 2];
  const Tensor& bias = *inputs.back();
  const int64_t outputs = filter.shape[0];
  const int64_t height = output_extent(op, 0, activations[0]->shape[1], filter.shape[1]).constant();
  const int64_t width = output_extent(op, 1, activations[0]->shape[2], filter.shape[2]).constant();
  Tensor result = Tensor::zeros(output.dtype, {1, height, width, outputs});

  if (output.is_real()) {
    const auto image = pad_image<double>(op, activations, &Tensor::real, 0);
    const auto weights =
        transpose_filter<double>(filter.shape, [&](int64_t i) { return filter.real[static_cast<size_t>(i)]; });
    convolve<double>(op, image, weights, filter.shape, height, width,
                     [&](int64_t pixel, const std::vector<double>& sums) {
                       for (size_t o = 0; o < sums.size(); ++o) {
                         result.real[static_cast<size_t>(pixel * outputs) + o] = sums[o] + bias.real[o];
                       }
                     });
    return result;
  }

  const QuantParams& quant_in = *input_types[0].quant;
  const QuantParams& quant_filter = *input_types[input_types.size() - 2].quant;
  const QuantParams& quant_out = *output.quant;
  // A fixed point filter came from float weights: the graph's real arithmetic, of which nothing may be rounded away.
  rounding = conv_rounding(filter.dtype, rounding);
  std::vector<ConvRequantize> requantize;
  for (int64_t o = 0; o < outputs; ++o) {
    requantize.push_back(conv_requantize(quant_in.scale_at(0), quant_filter.scale_at(o), quant_out.scale_at(0),
                                         bias.real[static_cast<size_t>(o)]));
  }
  const auto finish = [&](int64_t pixel, const auto& sums) {
    for (size_t o = 0; o < sums.size(); ++o) {
      result.integers[static_cast<size_t>(pixel * outputs) + o] =
          round_to_quantized(apply(requantize[o], sums[o], rounding), quant_out.zero_point_at(0), output.dtype);
    }
  };
  const FilterWeights weights(filter, quant_filter);
  const auto weight = [&](int64_t i) { return weights[i]; };
  const int32_t zero_point = quant_in.zero_point_at(0);
  // All three give the same exact sums; they differ in speed.
  if (filter.dtype == DType::kI32) {
    convolve<int64_t>(op, pad_image<int64_t>(op, activations, &Tensor::integers, zero_point),
                      transpose_filter<int64_t>(filter.shape, weight), filter.shape, height, width, finish);
  } else if (weights.largest_accumulator() > INT32_MAX) {
    convolve<int64_t>(op, pad_image<int16_t>(op, activations, &Tensor::integers, zero_point),
                      transpose_filter<int16_t>(filter.shape, weight), filter.shape, height, width, finish);
  } else {
    convolve<int32_t>(op, pad_image<int16_t>(op, activations, &Tensor::integers, zero_point),
                      transpose_filter<int16_t>(filter.shape, weight), filter.shape, height, width, finish);
  }
  return result;
}

}  // namespace qatc
