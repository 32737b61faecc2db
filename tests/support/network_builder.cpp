#include "support/network_builder.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "ops/op.h"
#include "passes/remove_dead_nodes.h"
#include "passes/to_fixed_point_filters.h"

namespace qatc::testing {

namespace {

TensorType with_shape(TensorType type, Shape shape) {
  type.shape = std::move(shape);
  return type;
}

}  // namespace

NetworkBuilder::NetworkBuilder(uint64_t seed, int64_t channels) : random_(seed) {
  graph_.name = "seed" + std::to_string(seed);
  const Shape shape{1, Extent::height(), Extent::width(), channels};
  const ValueId in = graph_.add_input("x", {DType::kF32, shape, std::nullopt});
  // The images of the tests are in -0.1..1.1.
  TensorType type = activation_type(1.0 / 255);
  type.quant->zero_point = {integer_range(type.dtype).min + one_of<int32_t>({0, 20, 100})};
  image_ = graph_.add_node(Quantize{}, {in}, "image", with_shape(type, shape), {{"image", "QuantizeLinear"}});
}

TensorType NetworkBuilder::activation_type(double scale) {
  const DType dtype = coin() ? DType::kU8 : DType::kI8;
  const std::vector<int64_t> levels{0, 255, 128, integer(0, 255), integer(0, 255)};
  const auto zero_point = static_cast<int32_t>(integer_range(dtype).min + one_of(levels));
  const auto jitter = static_cast<double>(integer(700, 1400)) / 1000;
  return {dtype, {}, QuantParams{{nearby_scale(scale * jitter)}, {zero_point}, std::nullopt}};
}

ValueId NetworkBuilder::add_op(Op op, std::vector<ValueId> inputs, TensorType type) {
  std::vector<TensorType> types;
  for (ValueId input : inputs) types.push_back(graph_.type(input));
  type.shape = infer_shape(op, types);
  const std::string name = std::string(op_name(op)) + std::to_string(graph_.node_count());
  return graph_.add_node(std::move(op), std::move(inputs), name, std::move(type), {{name, "Op"}});
}

ValueId NetworkBuilder::constant(TensorType type, Tensor data) {
  type.shape = Shape(data.shape.begin(), data.shape.end());
  return graph_.add_constant("constant" + std::to_string(graph_.value_count()), std::move(type), std::move(data));
}

ValueId NetworkBuilder::reals(int64_t count, double magnitude) {
  Tensor data = Tensor::zeros(DType::kF32, {count});
  for (double& value : data.real) {
    value = prefers_ties_ ? std::ldexp(static_cast<double>(integer(-16, 16)), std::ilogb(magnitude) - 4)
                          : static_cast<float>(magnitude * static_cast<double>(integer(-1000, 1000)) / 1000);
  }
  return constant({DType::kF32, {}, std::nullopt}, std::move(data));
}

float NetworkBuilder::nearby_scale(double wish) {
  if (!prefers_ties_) return static_cast<float>(wish);
  const float power = std::exp2(std::round(std::log2(static_cast<float>(wish))));
  return one_of<float>({power, std::nextafter(power, 0.0F), std::nextafter(power, 2 * power)});
}

NetworkBuilder::ConvOptions NetworkBuilder::random_conv(const std::vector<int64_t>& strides) {
  using Pair = std::array<int64_t, 2>;
  ConvOptions options;
  options.kernel = one_of<Pair>({{1, 1}, {3, 3}, {3, 3}, {5, 5}, {2, 3}, {1, 3}});
  for (size_t d = 0; d < 2; ++d) {
    options.stride[d] = one_of(strides);
    options.dilation[d] = one_of<int64_t>({1, 1, 1, 2});
    const int64_t span = (options.kernel[d] - 1) * options.dilation[d];
    // Symmetric, or anything that gives a 1x1 image a result.
    options.pad[d] = span / 2 + span % 2;
    if (integer(0, 2) == 0) options.pad[d] = integer(0, span);
    options.pad[d + 2] = span - options.pad[d] + (integer(0, 5) == 0 ? 1 : 0);
  }
  options.filter = one_of<Filter>({Filter::kPerTensor, Filter::kPerTensor, Filter::kPerChannel, Filter::kPerChannel,
                                   Filter::kPerChannel, Filter::kUnsigned, Filter::kSaturated, Filter::kZeroPoints,
                                   Filter::kFixedPoint});
  options.gain = one_of<double>({20, 60, 60, 300, 1e6});
  return options;
}

ValueId NetworkBuilder::conv(const std::vector<ValueId>& activations, int64_t outputs, const ConvOptions& options) {
  const TensorType in = graph_.type(activations[0]);
  std::vector<ValueId> inputs;
  int64_t channels_in = 0;
  for (ValueId activation : activations) {
    inputs.push_back(to_type(activation, in));
    channels_in += channels(activation);
  }
  Conv2d op;
  op.stride = options.stride;
  op.dilation = options.dilation;
  op.pad = options.pad;
  op.activations = static_cast<int64_t>(inputs.size());

  const bool fixed = options.filter == Filter::kFixedPoint;
  TensorType type{DType::kI8, {}, QuantParams{{}, {}, 0}};
  if (options.filter == Filter::kUnsigned) type.dtype = DType::kU8;
  if (fixed) type.dtype = DType::kI32;
  const bool per_tensor = options.filter == Filter::kPerTensor || options.filter == Filter::kSaturated ||
                          options.filter == Filter::kUnsigned;
  if (per_tensor) type.quant->axis = std::nullopt;
  for (int64_t o = 0; o < (per_tensor ? 1 : outputs); ++o) {
    const double jitter = static_cast<double>(integer(500, 2000)) / 1000;
    type.quant->scale.push_back(fixed ? std::ldexp(1.0F, static_cast<int>(integer(-33, -31)))
                                      : nearby_scale(0.01 * jitter));
    type.quant->zero_point.push_back(options.filter == Filter::kUnsigned     ? 128
                                     : options.filter == Filter::kZeroPoints ? static_cast<int32_t>(integer(-128, 127))
                                                                             : 0);
  }
  Tensor data = Tensor::zeros(type.dtype, {outputs, options.kernel[0], options.kernel[1], channels_in});
  const IntegerRange range = fixed ? IntegerRange{-kLargestFixedPoint, kLargestFixedPoint} : integer_range(type.dtype);
  double squares = 0;  // of the filter's real values
  const int64_t taps = data.size() / outputs;
  for (size_t i = 0; i < data.integers.size(); ++i) {
    int32_t& w = data.integers[i];
    w = static_cast<int32_t>(integer(range.min, range.max));
    if (options.filter == Filter::kSaturated) w = coin() ? range.min : range.max;
    const int64_t o = static_cast<int64_t>(i) / taps;
    const double real = (w - static_cast<double>(type.quant->zero_point_at(o))) * type.quant->scale_at(o);
    squares += real * real;
  }
  const double deviation = 60.0 * in.quant->scale_at(0) * std::sqrt(squares / static_cast<double>(outputs));
  inputs.push_back(constant(type, std::move(data)));
  inputs.push_back(reals(outputs, deviation));
  return add_op(op, inputs, activation_type(deviation / options.gain));
}

ValueId NetworkBuilder::lookup(ValueId a) {
  const TensorType out = activation_type();
  Tensor table = Tensor::zeros(out.dtype, {256});
  const IntegerRange range = integer_range(out.dtype);
  for (int32_t& entry : table.integers) entry = static_cast<int32_t>(integer(range.min, range.max));
  return add_op(Lookup{}, {a, constant({out.dtype, {}, std::nullopt}, std::move(table))}, out);
}

ValueId NetworkBuilder::to_type(ValueId a, const TensorType& type) {
  if (graph_.type(a).dtype == type.dtype && graph_.type(a).quant == type.quant) return a;
  Tensor table = Tensor::zeros(type.dtype, {256});
  std::iota(table.integers.begin(), table.integers.end(), integer_range(type.dtype).min);
  for (size_t i = 255; i > 0; --i) {
    std::swap(table.integers[i], table.integers[static_cast<size_t>(integer(0, static_cast<int64_t>(i)))]);
  }
  return add_op(Lookup{}, {a, constant({type.dtype, {}, std::nullopt}, std::move(table))}, type);
}

ValueId NetworkBuilder::add(ValueId a, ValueId b) {
  const double scale = graph_.type(a).quant->scale_at(0) + graph_.type(b).quant->scale_at(0);
  return add_op(Add{}, {a, b}, activation_type(scale * one_of<double>({1, 1, 0.2, 1e-4})));
}

ValueId NetworkBuilder::mul(ValueId a, ValueId b) {
  const double scale = 100.0 * graph_.type(a).quant->scale_at(0) * graph_.type(b).quant->scale_at(0);
  return add_op(Mul{}, {a, b}, activation_type(scale * one_of<double>({1, 1, 0.2, 1e-5})));
}

ValueId NetworkBuilder::instance_norm(ValueId a, float epsilon) {
  const std::vector<ValueId> inputs{a, reals(channels(a), 2), reals(channels(a), 1)};
  return add_op(InstanceNorm{epsilon}, inputs, activation_type(one_of<double>({0.02, 0.02, 1e-5})));
}

ValueId NetworkBuilder::max_pool(ValueId a, std::array<int64_t, 2> kernel, std::array<int64_t, 2> stride,
                                 std::array<int64_t, 4> pad) {
  return add_op(MaxPool{kernel, stride, pad}, {a}, graph_.type(a));
}

ValueId NetworkBuilder::resize(ValueId a, std::array<Extent, 2> size) {
  Resize op;
  op.size = size;
  return add_op(op, {a}, graph_.type(a));
}

ValueId NetworkBuilder::resize_by(ValueId a, int64_t numerator, int64_t denominator) {
  Resize op;
  op.numerator = {numerator, numerator};
  op.denominator = {denominator, denominator};
  const Shape& shape = graph_.type(a).shape;
  op.size = {shape[1].step(numerator, 0, denominator), shape[2].step(numerator, 0, denominator)};
  return add_op(op, {a}, graph_.type(a));
}

ValueId NetworkBuilder::concat(std::vector<ValueId> values) {
  const TensorType type = graph_.type(values[0]);
  for (ValueId& value : values) value = to_type(value, type);
  return add_op(Concat{}, values, type);
}

bool NetworkBuilder::same_size(ValueId a, ValueId b) const {
  const Shape& x = graph_.type(a).shape;
  const Shape& y = graph_.type(b).shape;
  return x[1] == y[1] && x[2] == y[2];
}

Graph NetworkBuilder::finish() {
  std::vector<ValueId> results;
  for (ValueId value : kept_) {
    if (!same_size(value, image_)) value = resize(value, {Extent::height(), Extent::width()});
    results.push_back(value);
  }
  const ValueId codes = results.size() == 1 ? results[0] : concat(results);
  const ValueId out = add_op(Dequantize{}, {codes}, {DType::kF32, {}, std::nullopt});
  graph_.add_output(out);
  remove_dead_nodes(graph_);
  verify(graph_);
  return graph_;
}

std::string NetworkBuilder::kept_name(int64_t channel) const {
  for (ValueId value : kept_) {
    if (channel < channels(value)) return graph_.value(value).name;
    channel -= channels(value);
  }
  return "?";
}

}  // namespace qatc::testing
