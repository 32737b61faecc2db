#include <array>

#include "frontend/parameters.h"
#include "frontend/rows.h"

namespace qatc {

namespace {

// Larger windows belong to no image network; the limit keeps extents within int64.
constexpr int64_t kLargest = 1 << 15;

template <size_t N>
std::array<int64_t, N> numbers(NodeImport& node, const char* name, int64_t fallback, int64_t least) {
  const std::vector<int64_t> values = node.attributes.integers(name, std::vector<int64_t>(N, fallback));
  if (values.size() != N) {
    throw Refusal("attribute '" + std::string(name) + "' must have " + std::to_string(N) + " numbers, has " +
                  std::to_string(values.size()));
  }
  std::array<int64_t, N> result;
  for (size_t i = 0; i < N; ++i) {
    if (values[i] < least || values[i] > kLargest) {
      throw Refusal("attribute '" + std::string(name) + "' holds " + std::to_string(values[i]) + ", must be " +
                    std::to_string(least) + " to " + std::to_string(kLargest));
    }
    result[i] = values[i];
  }
  return result;
}

/// Padding as top, left, bottom, right. SAME depends on the input's size unless the stride is 1.
std::array<int64_t, 4> padding(NodeImport& node, std::array<int64_t, 2> kernel, std::array<int64_t, 2> stride,
                               std::array<int64_t, 2> dilation) {
  std::array<int64_t, 4> pad = numbers<4>(node, "pads", 0, 0);
  const std::string auto_pad = node.attributes.text("auto_pad", "NOTSET");
  if (auto_pad == "NOTSET") return pad;
  if (auto_pad != "VALID" && auto_pad != "SAME_UPPER" && auto_pad != "SAME_LOWER") {
    throw Refusal("auto_pad is " + quoted(auto_pad) + "; use explicit pads");
  }
  if (pad != std::array<int64_t, 4>{}) throw Refusal("has both pads and auto_pad; use explicit pads alone");
  if (auto_pad == "VALID") return pad;
  if (stride[0] != 1 || stride[1] != 1) {
    throw Refusal("auto_pad " + auto_pad +
                  " with a stride above 1 pads by the image's size, which is not supported; use explicit pads");
  }
  for (size_t i = 0; i < 2; ++i) {
    const int64_t total = dilation[i] * (kernel[i] - 1);
    const int64_t before = auto_pad == "SAME_UPPER" ? total / 2 : total - total / 2;
    pad[i] = before;
    pad[i + 2] = total - before;
  }
  return pad;
}

/// Windows that fit: floor((in + before + after - dilation * (kernel - 1) - 1) / stride) + 1.
Extent window_count(const Extent& in, int64_t kernel, int64_t stride, int64_t dilation, int64_t pads) {
  const Extent last = checked_step(in, 1, pads - dilation * (kernel - 1) - 1, stride);
  Extent count = checked_step(last, 1, 1, 1);
  if (count.is_constant() && count.constant() <= 0) {
    throw Refusal("the window of " + std::to_string(dilation * (kernel - 1) + 1) + " is larger than the input of " +
                  in.to_string() + " with its padding");
  }
  return count;
}

Shape window_shape(const Shape& in, std::array<int64_t, 2> kernel, std::array<int64_t, 2> stride,
                   std::array<int64_t, 2> dilation, std::array<int64_t, 4> pad, Extent channels) {
  return {in[0], window_count(in[1], kernel[0], stride[0], dilation[0], pad[0] + pad[2]),
          window_count(in[2], kernel[1], stride[1], dilation[1], pad[1] + pad[3]), std::move(channels)};
}

}  // namespace

Imported import_conv(NodeImport& node) {
  const ValueId input = node.activation(0);
  const Parameter& filter_parameter = node.parameter(1, "filter");
  const std::vector<int64_t>& dims = filter_parameter.data->dims;  // O, I, kh, kw
  if (dims.size() != 4) {
    throw Refusal("filter must have 4 dimensions, has " + std::to_string(dims.size()) +
                  "; only two-dimensional convolution is supported");
  }
  if (const int64_t group = node.attributes.integer("group", 1); group != 1) {
    throw Refusal("group is " + std::to_string(group) + "; only 1 is supported");
  }
  const std::array<int64_t, 2> kernel{dims[2], dims[3]};
  if (node.attributes.has("kernel_shape") && numbers<2>(node, "kernel_shape", 1, 1) != kernel) {
    throw Refusal("kernel_shape differs from the filter's " + std::to_string(kernel[0]) + "x" +
                  std::to_string(kernel[1]));
  }
  for (int64_t extent : kernel) {
    if (extent < 1 || extent > kLargest) throw Refusal("filter has the extent " + std::to_string(extent));
  }
  Conv2d conv;
  conv.stride = numbers<2>(node, "strides", 1, 1);
  conv.dilation = numbers<2>(node, "dilations", 1, 1);
  conv.pad = padding(node, kernel, conv.stride, conv.dilation);
  const Shape in = node.extents(input);
  if (in[3] != Extent(dims[1])) {
    throw Refusal("filter reads " + std::to_string(dims[1]) + " channels but the input has " + in[3].to_string());
  }
  Shape out = window_shape(in, kernel, conv.stride, conv.dilation, conv.pad, Extent(dims[0]));
  const ValueId filter = materialise_filter(filter_parameter, node);
  const ValueId bias = node.has_input(2) ? materialise_vector(node.parameter(2, "bias"), dims[0], "bias", node)
                                         : node.graph().add_constant(node.output_name() + ".bias",
                                                                     {DType::kF32, {Extent(dims[0])}, std::nullopt},
                                                                     Tensor::zeros(DType::kF32, {dims[0]}));
  return node.emit(conv, {input, filter, bias}, {DType::kF32, std::move(out), std::nullopt});
}

Imported import_max_pool(NodeImport& node) {
  const ValueId input = node.activation(0);
  if (!node.attributes.has("kernel_shape")) throw Refusal("attribute 'kernel_shape' is missing");
  MaxPool pool;
  pool.kernel = numbers<2>(node, "kernel_shape", 1, 1);
  pool.stride = numbers<2>(node, "strides", 1, 1);
  if (numbers<2>(node, "dilations", 1, 1) != std::array<int64_t, 2>{1, 1}) {
    throw Refusal("dilations above 1 are not supported");
  }
  pool.pad = padding(node, pool.kernel, pool.stride, {1, 1});
  if (node.attributes.integer("ceil_mode", 0) != 0) throw Refusal("ceil_mode 1 is not supported");
  node.attributes.ignore("storage_order");  // concerns the second output only
  for (size_t i = 0; i < 4; ++i) {
    // Else a window could lie in the padding alone and have no maximum.
    if (pool.pad[i] >= pool.kernel[i % 2]) throw Refusal("pads must be smaller than the kernel");
  }
  const Shape in = node.extents(input);
  Shape out = window_shape(in, pool.kernel, pool.stride, {1, 1}, pool.pad, in[3]);
  return node.emit(pool, {input}, {DType::kF32, std::move(out), std::nullopt});
}

}  // namespace qatc
