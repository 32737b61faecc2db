#include "plan/kernel.h"

#include <algorithm>
#include <sstream>

#include "support/error.h"
#include "support/text.h"

namespace qatc {

namespace {

std::string step_text(const KernelStep& step) {
  const std::string a = "%" + std::to_string(step.a);
  switch (step.kind) {
    case KernelStep::Kind::kRequantize:
      return "requantize(conv" + std::to_string(step.conv) + ")" + (step.clamp ? "c" : "");
    case KernelStep::Kind::kLoad:
      return "in" + std::to_string(step.input);
    case KernelStep::Kind::kResizeLoad:
      return "resize(in" + std::to_string(step.input) + ")";
    case KernelStep::Kind::kMaxPool:
      return "max_pool(in" + std::to_string(step.input) + " k" + pair_text(step.kernel) + " s" +
             pair_text(step.stride) + " p" + pair_text(step.pad) + (step.clamp_to_edge ? " edge)" : ")");
    case KernelStep::Kind::kLookup:
      return "lookup(" + a + ")";
    case KernelStep::Kind::kAdd:
      return "add(" + a + ",%" + std::to_string(step.b) + ")" + (step.clamp ? "c" : "");
    case KernelStep::Kind::kMul:
      return "mul(" + a + ",%" + std::to_string(step.b) + ")" + (step.clamp ? "c" : "");
    case KernelStep::Kind::kAffine:
      return "affine(" + a + ")";
  }
  QATC_CHECK(false, "unknown kind of step");
}

}  // namespace

std::string signature(const KernelSpec& spec) {
  std::ostringstream text;
  text << (spec.rounding == Rounding::kExact ? "exact" : "float") << (is_channel_sums(spec) ? " channel_sums" : "")
       << " in(";
  for (size_t i = 0; i < spec.inputs.size(); ++i) text << (i > 0 ? "," : "") << spec.inputs[i];
  text << ")";
  if (spec.image_channels > 0) text << " image(x" << spec.image_channels << ")";
  for (size_t i = 0; i < spec.convs.size(); ++i) {
    const KernelConv& conv = spec.convs[i];
    text << " conv" << i << "(";
    for (size_t j = 0; j < conv.inputs.size(); ++j) text << (j > 0 ? "," : "") << "in" << conv.inputs[j];
    text << " k" << pair_text(conv.kernel) << " s" << pair_text(conv.stride) << " d" << pair_text(conv.dilation) << " p"
         << pair_text(conv.pad);
    if (conv.digits != 1) {
      text << " digits" << conv.digits << "x" << conv.filters;
    } else if (conv.filters != spec.out_channels) {
      text << " filters" << conv.filters;
    }
    if (conv.digit_pairs) text << " pairs";
    if (conv.upsampled) text << " upsampled";
    if (conv.exact) text << " exact";
    if (conv.extreme_pairs) text << " extreme";
    text << ")";
  }
  for (size_t i = 0; i < spec.steps.size(); ++i) text << " %" << i << "=" << step_text(spec.steps[i]);
  text << " out(";
  for (size_t i = 0; i < spec.outputs.size(); ++i) text << (i > 0 ? "," : "") << "%" << spec.outputs[i];
  text << ")x" << spec.out_channels << "/" << spec.out_pixel_stride;
  if (spec.summed >= 0 && !is_channel_sums(spec)) text << " sums(out" << spec.summed << ")";
  return text.str();
}

std::vector<int32_t> balanced_digits(int64_t value, int count) {
  std::vector<int32_t> digits;
  for (int i = 0; i < count; ++i) {
    const auto digit = static_cast<int32_t>(static_cast<int8_t>(static_cast<uint8_t>(value & 255)));
    digits.push_back(digit);
    value = (value - digit) / 256;
  }
  QATC_CHECK(value == 0, "filter value does not fit its digits");
  return digits;
}

ConvRuns conv_runs(const KernelSpec& spec, const KernelConv& conv, int input) {
  const int64_t channels = spec.inputs[static_cast<size_t>(input)];
  if (conv.dilation[1] == 1 && !conv.upsampled) return {channels * conv.kernel[1], 1};
  return {channels, conv.kernel[1]};
}

bool is_channel_sums(const KernelSpec& spec) { return spec.summed >= 0 && spec.outputs.empty(); }

KernelSpec tiles_of(const KernelSpec& spec) {
  KernelSpec result = spec;
  result.image_channels = 0;
  if (!is_channel_sums(spec)) result.summed = -1;
  return result;
}

bool moves_pixels(const KernelSpec& spec) {
  return std::any_of(spec.steps.begin(), spec.steps.end(), [](const KernelStep& step) {
    return step.kind == KernelStep::Kind::kResizeLoad || step.kind == KernelStep::Kind::kMaxPool;
  });
}

bool in_double(const KernelSpec& spec, const KernelConv& conv) {
  return spec.rounding == Rounding::kExact || conv.exact;
}

}  // namespace qatc
