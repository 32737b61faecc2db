#include <algorithm>
#include <array>
#include <optional>

#include "frontend/limits.h"
#include "frontend/rows.h"

namespace qatc {

namespace {

/// Whether ONNX's index formula gives floor(i / scale), our Resize's, for every i. For scale s = 1, 2, ... write
/// i = q s + r with 0 <= r < s; wanted is q.
///  - half_pixel: x = q + (2r + 1 - s) / (2s), within 1/2 of q exclusively: both roundings to nearest give q. floor
///    does not: x < q for small r. pytorch_half_pixel differs only for one pixel, half_pixel_symmetric only for sizes
///    that are no multiple of the input's.
///  - tf_half_pixel_for_nn: x = q + (r + 1/2) / s: floor gives q.
///  - asymmetric: x = q + r / s: floor gives q for every scale, also fractional ones; rounding to nearest does where
///    r / s <= 1/2 rounds down, which is s = 1, and s = 2 when ties go down.
bool takes_floor_of_quotient(const std::string& mode, const std::string& nearest, std::optional<int64_t> scale) {
  const bool to_nearest = nearest == "round_prefer_floor" || nearest == "round_prefer_ceil";
  if (mode == "asymmetric") {
    if (nearest == "floor") return true;
    if (!scale) return false;
    return *scale == 1 || (*scale == 2 && nearest == "round_prefer_floor");
  }
  if (!scale) return false;
  if (mode == "half_pixel" || mode == "pytorch_half_pixel" || mode == "half_pixel_symmetric") return to_nearest;
  return mode == "tf_half_pixel_for_nn" && nearest == "floor";
}

/// k when out = k * in for every image.
std::optional<int64_t> integer_ratio(const Extent& in, const Extent& out) {
  constexpr int64_t kLargestRatio = 64;
  for (int64_t k = 1; k <= kLargestRatio; ++k) {
    if (checked_step(in, k, 0, 1) == out) return k;
  }
  return std::nullopt;
}

void check_is_one(const ShapeElement& scale, const char* axis) {
  if (scale.numerator != Extent(1) || scale.divisor != 1) {
    throw Refusal("scales change the " + std::string(axis) + "; only height and width can be resized");
  }
}

void check_attributes(NodeImport& node) {
  Attributes& attributes = node.attributes;
  if (const std::string mode = attributes.text("mode", "nearest"); mode != "nearest") {
    throw Refusal("mode is " + quoted(mode) + "; only 'nearest' is supported");
  }
  if (attributes.integer("antialias", 0) != 0) throw Refusal("antialias is not supported");
  if (attributes.has("axes")) throw Refusal("attribute 'axes' is not supported; give sizes or scales for all axes");
  if (attributes.text("keep_aspect_ratio_policy", "stretch") != "stretch") {
    throw Refusal("keep_aspect_ratio_policy must be 'stretch'");
  }
  for (const char* unused_by_nearest : {"cubic_coeff_a", "exclude_outside", "extrapolation_value"}) {
    attributes.ignore(unused_by_nearest);
  }
}

bool is_given(const NodeImport& node, size_t i) {
  if (!node.has_input(i)) return false;
  const auto* parameter = std::get_if<Parameter>(&node.input(i, ""));
  return parameter == nullptr || parameter->data->size() > 0;  // old exporters give an empty tensor for nothing
}

/// The output extents of `resize` by the scales, which it takes over.
void set_scales(NodeImport& node, const Shape& in, Resize& resize) {
  const ShapeVector scales = node.shape(2, "scales");
  if (!scales.is_constant()) throw Refusal("scales must be constant, got " + node.source(2));
  if (!scales.is_real || scales.elements.size() != 4) throw Refusal("scales must be 4 floats");
  check_is_one(scales.elements[0], "batch");
  check_is_one(scales.elements[1], "channels");
  for (size_t i = 0; i < 2; ++i) {
    const ShapeElement& scale = scales.elements[i + 2];
    resize.numerator[i] = scale.numerator.constant();
    resize.denominator[i] = scale.divisor;
    if (resize.numerator[i] <= 0) throw Refusal("scales must be greater than 0");
    resize.size[i] = checked_step(in[i + 1], resize.numerator[i], 0, resize.denominator[i]);
  }
}

/// All that knows the limits of an image's size relies on extents that grow with it.
bool shrinks(const Extent& extent) {
  return std::any_of(extent.steps().begin(), extent.steps().end(),
                     [](const Extent::Step& step) { return step.mul < 0; });
}

void set_sizes(NodeImport& node, const Shape& in, Resize& resize) {
  const std::vector<Extent> sizes = integer_extents(node.shape(3, "sizes"), "sizes");
  if (sizes.size() != 4) throw Refusal("sizes must be 4 integers, has " + std::to_string(sizes.size()));
  if (sizes[0] != Extent(1) || sizes[1] != in[3]) {
    throw Refusal("sizes change the batch or the channels; only height and width can be resized");
  }
  resize.size = {sizes[2], sizes[3]};
}

}  // namespace

Imported import_resize(NodeImport& node) {
  check_attributes(node);
  const ValueId input = node.activation(0);
  const Shape in = node.extents(input);
  const bool by_scales = is_given(node, 2);
  if (by_scales == is_given(node, 3)) throw Refusal("must have either scales or sizes");
  Resize resize;
  by_scales ? set_scales(node, in, resize) : set_sizes(node, in, resize);

  const std::string mode = node.attributes.text("coordinate_transformation_mode", "half_pixel");
  const std::string nearest = node.attributes.text("nearest_mode", "round_prefer_floor");
  for (size_t i = 0; i < 2; ++i) {
    if (resize.size[i].is_constant() && (resize.size[i].constant() <= 0 || resize.size[i].constant() > kLargestSide)) {
      throw Refusal("the result has the extent " + resize.size[i].to_string());
    }
    if (shrinks(resize.size[i])) {
      throw Refusal("the result has the extent " + resize.size[i].to_string() +
                    ", which is the smaller the larger the image is");
    }
    std::optional<int64_t> scale = integer_ratio(in[i + 1], resize.size[i]);
    if (by_scales) scale = resize.denominator[i] == 1 ? std::optional(resize.numerator[i]) : std::nullopt;
    if (!takes_floor_of_quotient(mode, nearest, scale)) {
      throw Refusal("coordinate_transformation_mode " + quoted(mode) + " with nearest_mode " + quoted(nearest) +
                    " from " + in[i + 1].to_string() + " to " + resize.size[i].to_string() +
                    " is not supported; use 'asymmetric' with 'floor'");
    }
  }
  const Shape out{in[0], resize.size[0], resize.size[1], in[3]};
  return node.emit(resize, {input}, {DType::kF32, out, std::nullopt});
}

}  // namespace qatc
