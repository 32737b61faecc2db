#include "ops/operands.h"

#include "support/error.h"
#include "support/text.h"

namespace qatc {

std::string shape_text(const Shape& shape) { return "[" + join(shape, &Extent::to_string) + "]"; }

int64_t image_channels(const TensorType& type) {
  if (type.shape.size() != 4) {
    throw UserError("expected an image (batch, height, width, channels), got shape " + shape_text(type.shape));
  }
  if (!type.shape[3].is_constant()) {
    throw UserError("the number of channels must be constant, got shape " + shape_text(type.shape));
  }
  return type.shape[3].constant();
}

Shape elementwise_shape(const std::vector<TensorType>& inputs) {
  QATC_CHECK(!inputs.empty(), "an elementwise op needs an operand");
  for (const TensorType& input : inputs) {
    if (input.shape != inputs[0].shape) {
      throw UserError("operands must have equal shapes, got " + shape_text(inputs[0].shape) + " and " +
                      shape_text(input.shape));
    }
  }
  return inputs[0].shape;
}

Extent window_extent(const Extent& in, int64_t kernel, int64_t dilation, int64_t stride, int64_t pad_before,
                     int64_t pad_after) {
  const int64_t window = dilation * (kernel - 1) + 1;
  const int64_t pad = pad_before + pad_after;
  if (in.is_constant() && in.constant() + pad < window) {
    throw UserError("a window of " + std::to_string(window) + " does not fit into the padded extent " +
                    std::to_string(in.constant() + pad));
  }
  return in.step(1, pad - window + stride, stride);
}

void verify_per_tensor_8bit(const TensorType& type) {
  QATC_CHECK(is_8bit(type.dtype), "expected an 8-bit type, got " + std::string(dtype_name(type.dtype)));
  QATC_CHECK(type.quant.has_value(), "an 8-bit type needs a scale and a zero point");
  QATC_CHECK(!type.quant->axis, "an activation has one scale and one zero point");
  QATC_CHECK(type.quant->scale.size() == 1 && type.quant->zero_point.size() == 1,
             "per-tensor quantization has one scale and one zero point");
}

void verify_real_or_8bit(const std::vector<TensorType>& inputs, const TensorType& output) {
  for (const TensorType& input : inputs) {
    QATC_CHECK(input.is_real() == output.is_real(), "operands and result are all real or all 8-bit");
    if (!input.is_real()) verify_per_tensor_8bit(input);
  }
  if (!output.is_real()) verify_per_tensor_8bit(output);
}

void verify_same_representation(const TensorType& from, const TensorType& to) {
  QATC_CHECK(from.dtype == to.dtype && from.quant == to.quant,
             "values move unchanged: type and quantization must be equal");
}

}  // namespace qatc
