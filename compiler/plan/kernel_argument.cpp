#include "plan/kernel_argument.h"

#include <array>

#include "support/error.h"

namespace qatc {

namespace {

using Argument = KernelArgument::Kind;

/// A row of kernel_arguments.def.
struct ArgumentFacts {
  const char* name;
  ArgumentOf of;
  ArgumentForm form;
  ArgumentSource source;
};

constexpr std::array kFacts{
#define QATC_KERNEL_ARGUMENT(Kind, name, of, form, source) \
  ArgumentFacts{#name, ArgumentOf::k##of, ArgumentForm::k##form, ArgumentSource::k##source},
#include "plan/kernel_arguments.def"
#undef QATC_KERNEL_ARGUMENT
};

const ArgumentFacts& facts(const KernelArgument& argument) { return kFacts.at(static_cast<size_t>(argument.kind)); }

}  // namespace

std::vector<KernelArgument> kernel_arguments(const KernelSpec& spec) {
  std::vector<KernelArgument> result;
  const auto add = [&](Argument kind, size_t index, size_t sub = 0) {
    result.push_back({kind, static_cast<int>(index), static_cast<int>(sub)});
  };
  if (spec.image_channels > 0) {
    add(Argument::kPixels, 0);
    add(Argument::kPixelsReversed, 0);
    add(Argument::kPixelTable, 0);
  } else {
    for (size_t i = 0; i < spec.inputs.size(); ++i) add(Argument::kInput, i);
  }
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
  if (spec.summed >= 0 && !is_channel_sums(spec)) {
    add(Argument::kRowPixels, 0);
    add(Argument::kRowPitch, 0);
  }
  if (spec.image_channels > 0) add(Argument::kCodes, 0);
  for (size_t i = 0; i < spec.outputs.size(); ++i) add(Argument::kOutput, i);
  if (spec.summed >= 0) {
    add(Argument::kSums, 0);
    add(Argument::kSquares, 0);
  }
  return result;
}

std::string argument_name(const KernelArgument& argument) {
  const std::string name = facts(argument).name + std::to_string(argument.index);
  return facts(argument).of == ArgumentOf::kConvInput ? name + "_" + std::to_string(argument.sub) : name;
}

bool is_buffer(const KernelArgument& argument) {
  return facts(argument).form == ArgumentForm::kBuffer || is_result(argument);
}

bool is_result(const KernelArgument& argument) { return facts(argument).form == ArgumentForm::kResult; }

bool is_constant(const KernelArgument& argument) { return facts(argument).source == ArgumentSource::kConstant; }

ScalarType scalar_type(const KernelSpec& spec, const KernelArgument& argument) {
  switch (facts(argument).form) {
    case ArgumentForm::kAddress:
      return ScalarType::kAddress;
    case ArgumentForm::kInt32:
      return ScalarType::kInt32;
    case ArgumentForm::kReal:
      return spec.rounding == Rounding::kExact ? ScalarType::kDouble : ScalarType::kFloat;
    case ArgumentForm::kBuffer:
    case ArgumentForm::kResult:
      break;
  }
  QATC_CHECK(false, "a buffer is no scalar: " + argument_name(argument));
}

}  // namespace qatc
