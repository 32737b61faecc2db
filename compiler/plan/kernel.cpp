#include "plan/kernel.h"

#include <sstream>

#include "support/error.h"

namespace qatc {

namespace {

using Argument = KernelArgument::Kind;

std::string pair_text(const std::array<int64_t, 2>& pair) {
  return std::to_string(pair[0]) + "x" + std::to_string(pair[1]);
}

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
  text << (spec.rounding == Rounding::kExact ? "exact" : "float") << (spec.channel_sums ? " channel_sums" : "")
       << " in(";
  for (size_t i = 0; i < spec.inputs.size(); ++i) text << (i > 0 ? "," : "") << spec.inputs[i];
  text << ")";
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

bool in_double(const KernelSpec& spec, const KernelConv& conv) {
  return spec.rounding == Rounding::kExact || conv.exact;
}

std::vector<KernelArgument> kernel_arguments(const KernelSpec& spec) {
  std::vector<KernelArgument> result;
  const auto add = [&](Argument kind, size_t index, size_t sub = 0) {
    result.push_back({kind, static_cast<int>(index), static_cast<int>(sub)});
  };
  for (size_t i = 0; i < spec.inputs.size(); ++i) add(Argument::kInput, i);
  for (size_t i = 0; i < spec.convs.size(); ++i) {
    for (size_t j = 0; j < spec.convs[i].inputs.size(); ++j) add(Argument::kFilter, i, j);
    add(Argument::kCorrection, i);
    add(Argument::kMultiplier, i);
    add(Argument::kBias, i);
    if (spec.convs[i].upsampled) add(Argument::kRowsApart, i);
  }
  const bool exact = spec.rounding == Rounding::kExact;
  for (size_t i = 0; i < spec.steps.size(); ++i) {
    switch (spec.steps[i].kind) {
      case KernelStep::Kind::kRequantize:
        add(Argument::kZeroPointOut, i);
        break;
      case KernelStep::Kind::kLoad:
      case KernelStep::Kind::kMaxPool:
        break;
      case KernelStep::Kind::kResizeLoad:
        add(Argument::kXMap, i);
        add(Argument::kYMap, i);
        break;
      case KernelStep::Kind::kLookup:
        add(Argument::kTable, i);
        break;
      case KernelStep::Kind::kAdd:
      case KernelStep::Kind::kMul:
        add(Argument::kZeroPointOut, i);
        add(Argument::kZeroPointA, i);
        add(Argument::kZeroPointB, i);
        add(Argument::kScaleA, i);
        if (exact || spec.steps[i].kind == KernelStep::Kind::kAdd) add(Argument::kScaleB, i);
        if (exact) add(Argument::kScaleOut, i);
        break;
      case KernelStep::Kind::kAffine:
        add(Argument::kZeroPointOut, i);
        add(Argument::kZeroPointA, i);
        add(Argument::kAffineA, i);
        add(Argument::kAffineB, i);
        break;
    }
  }
  for (size_t i = 0; i < spec.outputs.size(); ++i) add(Argument::kOutput, i);
  if (spec.channel_sums) {
    add(Argument::kOutput, 0);  // sums
    add(Argument::kOutput, 1);  // sums of squares
  }
  return result;
}

std::string argument_name(const KernelArgument& argument) {
  const std::string index = std::to_string(argument.index);
  switch (argument.kind) {
    case Argument::kInput:
      return "in" + index;
    case Argument::kXMap:
      return "x_map" + index;
    case Argument::kYMap:
      return "y_map" + index;
    case Argument::kFilter:
      return "filter" + index + "_" + std::to_string(argument.sub);
    case Argument::kCorrection:
      return "correction" + index;
    case Argument::kMultiplier:
      return "multiplier" + index;
    case Argument::kBias:
      return "bias" + index;
    case Argument::kTable:
      return "table" + index;
    case Argument::kRowsApart:
      return "rows_apart" + index;
    case Argument::kZeroPointOut:
      return "zero_point_out" + index;
    case Argument::kZeroPointA:
      return "zero_point_a" + index;
    case Argument::kZeroPointB:
      return "zero_point_b" + index;
    case Argument::kScaleA:
      return "scale_a" + index;
    case Argument::kScaleB:
      return "scale_b" + index;
    case Argument::kScaleOut:
      return "scale_out" + index;
    case Argument::kAffineA:
      return "affine_a" + index;
    case Argument::kAffineB:
      return "affine_b" + index;
    case Argument::kOutput:
      return "out" + index;
  }
  QATC_CHECK(false, "unnamed argument kind");
}

ScalarType scalar_type(const KernelSpec& spec, const KernelArgument& argument) {
  switch (argument.kind) {
    case Argument::kTable:
      return ScalarType::kAddress;
    case Argument::kRowsApart:
    case Argument::kZeroPointOut:
    case Argument::kZeroPointA:
    case Argument::kZeroPointB:
      return ScalarType::kInt32;
    case Argument::kScaleA:
    case Argument::kScaleB:
    case Argument::kScaleOut:
      return spec.rounding == Rounding::kExact ? ScalarType::kDouble : ScalarType::kFloat;
    case Argument::kInput:
    case Argument::kXMap:
    case Argument::kYMap:
    case Argument::kFilter:
    case Argument::kCorrection:
    case Argument::kMultiplier:
    case Argument::kBias:
    case Argument::kAffineA:
    case Argument::kAffineB:
    case Argument::kOutput:
      break;
  }
  QATC_CHECK(false, "a buffer is no scalar: " + argument_name(argument));
}

bool is_buffer(const KernelArgument& argument) {
  switch (argument.kind) {
    case Argument::kInput:
    case Argument::kXMap:
    case Argument::kYMap:
    case Argument::kFilter:
    case Argument::kCorrection:
    case Argument::kMultiplier:
    case Argument::kBias:
    case Argument::kAffineA:
    case Argument::kAffineB:
    case Argument::kOutput:
      return true;
    case Argument::kTable:
    case Argument::kRowsApart:
    case Argument::kZeroPointOut:
    case Argument::kZeroPointA:
    case Argument::kZeroPointB:
    case Argument::kScaleA:
    case Argument::kScaleB:
    case Argument::kScaleOut:
      return false;
  }
  QATC_CHECK(false, "unknown kind of argument");
}

}  // namespace qatc
