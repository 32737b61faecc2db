#include "random_qdq_graph.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "ops/op.h"

namespace qatc {

namespace {

class Builder {
 public:
  explicit Builder(unsigned seed) : random_(seed) {
    graph_.name = "random" + std::to_string(seed);
    activations_ = pick(0, 1) == 0 ? DType::kU8 : DType::kI8;
    const ValueId x = graph_.add_input("x", {DType::kF32, {1, Extent::height(), Extent::width(), 3}, std::nullopt});
    const QuantParams quant = activation_quant(1);
    for (int count = pick(1, 2); count > 0; --count) pool_.push_back(dequantize(quantize(x, quant)));
  }

  Graph build() {
    for (int count = pick(3, 12); count > 0; --count) add_step();
    ValueId result = quantized(pool_.back(), 1);
    if (pick(0, 1) == 0) result = add(Clip{0, 1}, {result});
    graph_.add_output(result);
    if (pick(0, 2) == 0) graph_.add_output(any());
    return std::move(graph_);
  }

 private:
  int pick(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }
  double uniform(double low, double high) { return std::uniform_real_distribution<double>(low, high)(random_); }
  ValueId any() { return pool_[static_cast<size_t>(pick(0, static_cast<int>(pool_.size()) - 1))]; }
  int64_t channels(ValueId id) const { return graph_.type(id).shape[3].constant(); }

  ValueId add(Op op, std::vector<ValueId> inputs) {
    std::vector<TensorType> types;
    for (ValueId input : inputs) types.push_back(graph_.type(input));
    const TensorType type{DType::kF32, infer_shape(op, types), std::nullopt};
    const std::string name = std::string(op_name(op)) + std::to_string(graph_.node_count());
    return graph_.add_node(std::move(op), std::move(inputs), name, type, {{name, "Op"}});
  }
  QuantParams activation_quant(double range) {
    const IntegerRange levels = integer_range(activations_);
    const auto scale = static_cast<float>(range * uniform(0.002, 0.01));
    return {{scale}, {pick(0, 3) == 0 ? levels.min : pick(levels.min, levels.max)}, std::nullopt};
  }
  ValueId quantize(ValueId real, const QuantParams& quant) {
    const std::string name = "quantize" + std::to_string(graph_.node_count());
    return graph_.add_node(Quantize{}, {real}, name, {activations_, graph_.type(real).shape, quant},
                           {{name, "QuantizeLinear"}});
  }
  ValueId dequantize(ValueId q) { return add(Dequantize{}, {q}); }
  ValueId quantized(ValueId real, double range) { return dequantize(quantize(real, activation_quant(range))); }

  ValueId constant(std::vector<int64_t> shape, double range) {
    Tensor data = Tensor::zeros(DType::kF32, std::move(shape));
    // Magnitudes within a factor of four, which a fixed point filter represents exactly.
    for (double& v : data.real) v = static_cast<float>(range * uniform(0.25, 1) * (pick(0, 1) == 0 ? 1 : -1));
    const Shape extents(data.shape.begin(), data.shape.end());
    return graph_.add_constant("constant" + std::to_string(graph_.value_count()), {DType::kF32, extents, std::nullopt},
                               data);
  }
  ValueId filter(std::vector<int64_t> shape) {
    const auto outputs = static_cast<size_t>(shape[0]);
    const ValueId real = constant(shape, 0.5);
    QuantParams quant{{0.004F}, {0}, std::nullopt};
    switch (pick(0, 3)) {
      case 0:
        return real;
      case 1:
        quant.axis = 0;
        quant.scale.clear();
        for (size_t i = 0; i < outputs; ++i) quant.scale.push_back(static_cast<float>(uniform(0.002, 0.006)));
        quant.zero_point.assign(outputs, 0);
        break;
      case 2:
        quant.zero_point = {pick(-20, 20)};
        break;
      default:
        break;
    }
    const TensorType type{DType::kI8, graph_.type(real).shape, quant};
    return dequantize(graph_.add_node(Quantize{}, {real}, "filter" + std::to_string(graph_.node_count()), type, {}));
  }
  ValueId bias(int64_t count) {
    if (pick(0, 1) == 0) return constant({count}, 0.3);
    Tensor data = Tensor::zeros(DType::kI32, {count});
    for (int32_t& v : data.integers) v = pick(-3000, 3000);
    const TensorType type{DType::kI32, {count}, QuantParams{{1e-4F}, {0}, std::nullopt}};
    return dequantize(graph_.add_constant("bias" + std::to_string(graph_.value_count()), type, data));
  }

  ValueId clamp(ValueId real) {
    if (pick(0, 1) == 0) return add(Relu{}, {real});
    return add(Clip{static_cast<float>(uniform(-0.6, 0)), static_cast<float>(uniform(0.1, 1))}, {real});
  }
  ValueId elementwise(ValueId real) {
    switch (pick(0, 2)) {
      case 0:
        return add(Tanh{}, {real});
      case 1:
        return add(LeakyRelu{0.2F}, {real});
      default:
        return clamp(real);
    }
  }
  ValueId conv(ValueId real) {
    Conv2d op;
    const int64_t kernel = pick(0, 1) == 0 ? 1 : 3;
    op.stride = {pick(1, 2), pick(1, 2)};
    op.pad = {kernel / 2, kernel / 2, kernel / 2, kernel / 2};
    const int64_t outputs = pick(1, 4);
    const ValueId weights = filter({outputs, kernel, kernel, channels(real)});
    return add(op, {real, weights, bias(outputs)});
  }
  ValueId movement(ValueId real) {
    if (pick(0, 1) == 0) return add(MaxPool{{3, 3}, {pick(1, 2), pick(1, 2)}, {1, 1, 1, 1}}, {real});
    Resize op;
    const Shape& shape = graph_.type(real).shape;
    if (pick(0, 1) == 0) {
      op.size = {shape[1].step(2, 0, 1), shape[2].step(2, 0, 1)};
      op.numerator = {2, 2};
    } else {
      op.size = {shape[1].step(1, 1, 1), shape[2]};
    }
    return add(op, {real});
  }
  /// Values of the same height and width as `id`, `id` first.
  std::vector<ValueId> of_same_size(ValueId id) {
    std::vector<ValueId> result{id};
    for (ValueId other : pool_) {
      const Shape& a = graph_.type(id).shape;
      const Shape& b = graph_.type(other).shape;
      if (result.size() < 3 && a[1] == b[1] && a[2] == b[2]) result.push_back(other);
    }
    return result;
  }

  void add_step() {
    const ValueId x = any();
    ValueId real = x;
    switch (pick(0, 7)) {
      case 0:
      case 1:
        real = conv(x);
        for (int count = pick(0, 3); count > 1; --count) real = pick(0, 1) == 0 ? clamp(real) : movement(real);
        break;
      case 2:
        for (int count = pick(0, 3); count > 0; --count) real = elementwise(real);
        break;
      case 3:
        real = movement(x);
        if (pick(0, 1) == 0) {
          pool_.push_back(real);
          return;
        }
        break;
      case 4: {
        std::vector<ValueId> inputs = of_same_size(x);
        if (pick(0, 2) == 0) inputs[0] = conv(x);
        if (graph_.type(inputs[0]).shape[1] != graph_.type(x).shape[1]) return;
        if (graph_.type(inputs[0]).shape[2] != graph_.type(x).shape[2]) return;
        real = add(Concat{}, inputs);
        break;
      }
      case 5:
      case 6:
        for (ValueId other : of_same_size(x)) {
          if (channels(other) != channels(x)) continue;
          if (pick(0, 1) == 0) {
            real = add(Add{}, {x, other});
          } else {
            real = add(Mul{}, {x, other});
          }
        }
        if (pick(0, 1) == 0) real = clamp(real);
        break;
      default:
        real = add(InstanceNorm{}, {x, constant({channels(x)}, 1), constant({channels(x)}, 1)});
        break;
    }
    pool_.push_back(quantized(real, 2));
    if (pick(0, 4) == 0) pool_.push_back(quantized(real, 1));
  }

  std::mt19937 random_;
  Graph graph_;
  DType activations_{};
  std::vector<ValueId> pool_;  // dequantized values
};

}  // namespace

Graph random_qdq_graph(unsigned seed) { return Builder(seed).build(); }

Tensor random_image(unsigned seed) {
  std::mt19937 random(seed);
  Tensor image = Tensor::zeros(DType::kF32,
                               {1, 4 + static_cast<int64_t>(random() % 6), 4 + static_cast<int64_t>(random() % 6), 3});
  for (double& v : image.real) v = static_cast<float>(random() % 1000) / 1000.0F;
  return image;
}

}  // namespace qatc
