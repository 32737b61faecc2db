#include "plan/image.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "ops/requantize.h"
#include "support/error.h"

namespace qatc {

namespace {

using Layout = ImageKernel::Layout;

const PlanTensor& input(const Plan& plan) { return plan.tensors[static_cast<size_t>(plan.input_tensor)]; }
const PlanTensor& output(const Plan& plan) { return plan.tensors[static_cast<size_t>(plan.output_tensor)]; }

float scale_of(const Plan& plan, const PlanTensor& tensor) { return plan.graph.type(tensor.value).quant->scale_at(0); }

/// Floats that are divided by such a scale and are not far out of range neither overflow nor underflow on the way
/// (lower/intrinsics/quotient_ir.h), or round to 0 whatever they do.
bool can_be_divided_by(float scale) { return scale > 0x1p-60F && scale < 0x1p60F; }

/// The layouts that images of `channels` channels come in.
std::vector<Layout> layouts_of(int64_t channels) {
  if (channels > kChannelAlignment) return {};
  if (channels == 1) return {Layout::kInterleaved};
  if (channels == 3) return {Layout::kInterleaved, Layout::kPadded, Layout::kPlanar};
  return {Layout::kInterleaved, Layout::kPlanar};
}

}  // namespace

std::vector<uint8_t> input_codes(const Plan& plan) {
  const PlanTensor& tensor = input(plan);
  std::vector<uint8_t> codes;
  for (int v = 0; v < 256; ++v) {
    const double value = quantize_input(static_cast<float>(v) / 255.0F, scale_of(plan, tensor), plan.rounding);
    const int32_t q = round_to_quantized(value, tensor.zero_point, tensor.dtype);
    codes.push_back(static_cast<uint8_t>(q - integer_range(tensor.dtype).min));
  }
  return codes;
}

std::vector<float> output_reals(const Plan& plan) {
  const ValueId codes = output(plan).value;
  const DType dtype = plan.graph.type(codes).dtype;
  Tensor tensor = Tensor::zeros(dtype, {1, 1, 256, 1});
  for (int u = 0; u < 256; ++u) tensor.integers[static_cast<size_t>(u)] = u + integer_range(dtype).min;
  ValueId value = codes;
  while (!plan.graph.is_output(value)) {
    const std::vector<NodeId> users = plan.graph.users(value);
    const auto next = std::find_if(users.begin(), users.end(),
                                   [&](NodeId id) { return plan.graph.type(plan.graph.node(id).output).is_real(); });
    QATC_CHECK(next != users.end(), "the output's codes do not reach the output");
    const Node& node = plan.graph.node(*next);
    tensor = reference(node.op, {&tensor}, {plan.graph.type(value)}, plan.graph.type(node.output), Rounding::kExact);
    value = node.output;
  }
  return {tensor.real.begin(), tensor.real.end()};
}

std::vector<uint8_t> output_bytes(const Plan& plan) {
  std::vector<uint8_t> bytes;
  for (const float real : output_reals(plan)) {
    bytes.push_back(static_cast<uint8_t>(std::nearbyint(std::clamp(static_cast<double>(real), 0.0, 1.0) * 255.0)));
  }
  return bytes;
}

std::optional<OutputLine> output_line(const Plan& plan) {
  const std::vector<float> reals = output_reals(plan);
  OutputLine line;
  line.scale = scale_of(plan, output(plan));
  line.zero_point = output(plan).zero_point - integer_range(output(plan).dtype).min;
  // Never -0, of which the line has none: its sign would depend on how a kernel takes the larger of two zeros.
  line.low = *std::min_element(reals.begin(), reals.end()) + 0.0F;
  line.high = *std::max_element(reals.begin(), reals.end()) + 0.0F;
  for (int code = 0; code < 256; ++code) {
    const float product = static_cast<float>(code - line.zero_point) * line.scale;
    const float real = std::min(std::max(product, line.low), line.high);
    if (std::bit_cast<uint32_t>(real) != std::bit_cast<uint32_t>(reals[static_cast<size_t>(code)])) return std::nullopt;
  }
  return line;
}

std::vector<ImageKernel> image_kernels(const Plan& plan) {
  std::vector<ImageKernel> kernels;
  const auto add = [&](bool stores, bool is_real, int64_t channels) {
    for (const Layout layout : layouts_of(channels)) {
      kernels.push_back({stores, is_real, layout, channels, plan.rounding});
    }
  };
  add(false, false, input(plan).channels);
  if (can_be_divided_by(scale_of(plan, input(plan)))) add(false, true, input(plan).channels);
  add(true, false, output(plan).channels);
  if (output_line(plan)) add(true, true, output(plan).channels);
  return kernels;
}

}  // namespace qatc
