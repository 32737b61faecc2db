#include "frontend/parameters.h"

#include <algorithm>
#include <cmath>

#include "support/text.h"

namespace qatc {

namespace {

DType integer_dtype(int32_t data_type, const char* role) {
  switch (data_type) {
    case onnx::TensorProto::UINT8:
      return DType::kU8;
    case onnx::TensorProto::INT8:
      return DType::kI8;
    case onnx::TensorProto::INT32:
      return DType::kI32;
    default:
      throw Refusal(std::string(role) + " is " + data_type_name(data_type) + "; only UINT8 and INT8 are supported");
  }
}

Tensor constant_values(const OnnxTensor& data) {
  if (data.is_real()) return {DType::kF32, data.dims, data.real, {}};
  return {integer_dtype(data.data_type, "the constant"),
          data.dims,
          {},
          std::vector<int32_t>(data.integers.begin(), data.integers.end())};
}

void check_finite(const OnnxTensor& data, const char* role) {
  const auto bad = std::find_if_not(data.real.begin(), data.real.end(), [](double x) { return std::isfinite(x); });
  if (bad != data.real.end()) {
    throw Refusal(std::string(role) + " holds " + std::to_string(*bad) + " at element " +
                  std::to_string(bad - data.real.begin()) + "; all must be finite");
  }
}

void check_element_type(const Parameter& parameter, const char* role) {
  const int32_t type = parameter.data->data_type;
  const bool integers_dequantized = !parameter.steps.empty() && !parameter.steps.front().is_quantize;
  if (type != onnx::TensorProto::FLOAT && !integers_dequantized) {
    throw Refusal(std::string(role) + " is " + data_type_name(type) + "; it must be FLOAT");
  }
  if (!parameter.steps.empty() && parameter.steps.back().is_quantize) {
    throw Refusal(std::string(role) + " is an integer tensor; it must be FLOAT, so end it with DequantizeLinear");
  }
}

/// (O, I, kh, kw) to (O, kh, kw, I).
Tensor to_ohwi(const Tensor& oihw) {
  const int64_t o = oihw.shape[0], i = oihw.shape[1], h = oihw.shape[2], w = oihw.shape[3];
  Tensor result = Tensor::zeros(oihw.dtype, {o, h, w, i});
  const auto move = [&](const auto& from, auto& to) {
    size_t next = 0;
    for (int64_t n = 0; n < o; ++n) {
      for (int64_t pixel = 0; pixel < h * w; ++pixel) {
        for (int64_t c = 0; c < i; ++c) to[next++] = from[static_cast<size_t>((n * i + c) * h * w + pixel)];
      }
    }
  };
  oihw.dtype == DType::kF32 ? move(oihw.real, result.real) : move(oihw.integers, result.integers);
  return result;
}

/// One QuantizeLinear or DequantizeLinear of a vector, as ONNX defines it in float32.
Tensor apply_step(const ParameterStep& step, const Tensor& x) {
  Tensor result = Tensor::zeros(step.is_quantize ? step.dtype : DType::kF32, x.shape);
  for (int64_t i = 0; i < x.size(); ++i) {
    const auto at = static_cast<size_t>(i);
    const float scale = step.quant.scale_at(i);
    const int32_t zero_point = step.quant.zero_point_at(i);
    if (step.is_quantize) {
      const IntegerRange range = integer_range(step.dtype);
      const double rounded = static_cast<double>(std::nearbyint(static_cast<float>(x.real[at]) / scale)) + zero_point;
      result.integers[at] = static_cast<int32_t>(std::clamp<double>(rounded, range.min, range.max));
    } else {
      const double difference = static_cast<double>(x.integers[at]) - zero_point;
      result.real[at] = static_cast<float>(difference * static_cast<double>(scale));
    }
  }
  return result;
}

}  // namespace

QuantInputs read_quant_inputs(const NodeImport& node, DType fallback, int64_t axis) {
  QuantInputs result{fallback, {}};
  const OnnxTensor& scale = node.plain_constant(1, "scale");
  if (scale.data_type != onnx::TensorProto::FLOAT) {
    throw Refusal("scale is " + data_type_name(scale.data_type) + "; only FLOAT is supported");
  }
  if (scale.dims.size() > 1 || scale.size() == 0) {
    throw Refusal("scale must be a scalar or a vector; quantization in blocks is not supported");
  }
  for (double s : scale.real) {
    if (!std::isfinite(s) || s <= 0) {
      throw Refusal("scale is " + (s == 0 ? std::string("0") : std::to_string(s)) +
                    "; it must be finite and greater than 0");
    }
    result.quant.scale.push_back(static_cast<float>(s));
  }
  result.quant.zero_point.assign(scale.size(), 0);
  if (node.has_input(2)) {
    const OnnxTensor& zero_point = node.plain_constant(2, "zero_point");
    result.dtype = integer_dtype(zero_point.data_type, "zero_point");
    if (zero_point.dims.size() > 1 || zero_point.size() != scale.size()) {
      throw Refusal("zero_point has " + std::to_string(zero_point.size()) + " elements but scale has " +
                    std::to_string(scale.size()));
    }
    result.quant.zero_point.assign(zero_point.integers.begin(), zero_point.integers.end());
  }
  if (scale.size() > 1) {
    if (axis < -8 || axis > 8) throw Refusal("axis is " + std::to_string(axis));
    result.quant.axis = static_cast<int>(axis);
  }
  return result;
}

ValueId materialise_filter(const Parameter& filter, NodeImport& node) {
  const OnnxTensor& data = *filter.data;
  if (data.dims.size() != 4) {
    throw Refusal("filter " + quoted(filter.name) + " must have 4 dimensions, has " + std::to_string(data.dims.size()));
  }
  if (data.size() == 0) throw Refusal("filter " + quoted(filter.name) + " is empty");
  check_element_type(filter, "filter");
  check_finite(data, "filter");
  Tensor values = to_ohwi(constant_values(data));
  TensorType type{values.dtype, Shape(values.shape.begin(), values.shape.end()), std::nullopt};
  const auto quant_of = [](const ParameterStep& step) {
    if (step.quant.axis && *step.quant.axis != 0) {
      throw Refusal("filter is quantized along axis " + std::to_string(*step.quant.axis) +
                    "; only axis 0, one scale an output channel, is supported");
    }
    if (!is_8bit(step.dtype)) throw Refusal("filter is INT32; only UINT8 and INT8 are supported");
    return step.quant;
  };
  if (!type.is_real()) type.quant = quant_of(filter.steps.front());
  ValueId result = node.graph().add_constant(filter.name, type, std::move(values));
  for (const ParameterStep& step : filter.steps) {
    const QuantParams quant = quant_of(step);
    if (step.is_quantize) {
      type = {step.dtype, type.shape, quant};
    } else {
      type = {DType::kF32, type.shape, std::nullopt};
    }
    Op op = step.is_quantize ? Op(Quantize{}) : Op(Dequantize{});
    result = node.graph().add_node(std::move(op), {result}, step.name, type, {step.origin});
  }
  return result;
}

ValueId materialise_vector(const Parameter& parameter, int64_t length, const char* role, NodeImport& node) {
  const OnnxTensor& data = *parameter.data;
  if (data.dims.size() != 1 || data.dims[0] != length) {
    const std::string shape = join(data.dims, [](int64_t dim) { return std::to_string(dim); });
    throw Refusal(std::string(role) + " " + quoted(parameter.name) + " must have one element a channel, [" +
                  std::to_string(length) + "], has the shape [" + shape + "]");
  }
  check_element_type(parameter, role);
  check_finite(data, role);
  Tensor values = constant_values(data);
  for (const ParameterStep& step : parameter.steps) values = apply_step(step, values);
  return node.graph().add_constant(parameter.name, {DType::kF32, {Extent(length)}, std::nullopt}, std::move(values));
}

}  // namespace qatc
