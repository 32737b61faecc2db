#include "plan/kernel.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace qatc::testing {
namespace {

/// A spec with two convs, one of them of digits, and a step of every kind.
KernelSpec spec_of_everything() {
  KernelSpec spec;
  spec.inputs = {4, 8, 12};
  KernelConv conv;
  conv.inputs = {0, 1};
  conv.kernel = {3, 5};
  KernelConv digits;
  digits.inputs = {0};
  digits.digits = kFixedPointDigits;
  digits.filters = 3;
  spec.convs = {conv, digits};
  using Kind = KernelStep::Kind;
  for (const Kind kind : {Kind::kRequantize, Kind::kLoad, Kind::kResizeLoad, Kind::kMaxPool, Kind::kLookup, Kind::kAdd,
                          Kind::kMul, Kind::kAffine}) {
    KernelStep step{kind};
    if (kind == Kind::kRequantize) {
      step.conv = 0;
    } else if (kind == Kind::kLoad || kind == Kind::kResizeLoad || kind == Kind::kMaxPool) {
      step.input = 0;
    } else {
      step.a = 0;
      if (kind == Kind::kAdd || kind == Kind::kMul) step.b = 1;
    }
    spec.steps.push_back(step);
  }
  spec.outputs = {7};
  spec.out_channels = 4;
  spec.out_pixel_stride = 8;
  return spec;
}

using Change = std::function<void(KernelSpec&)>;

/// Every field once; those of a step for every kind that has them.
std::map<std::string, Change> changes() {
  std::map<std::string, Change> all{
      {"inputs", [](KernelSpec& s) { s.inputs[2] = 16; }},
      {"more inputs", [](KernelSpec& s) { s.inputs.push_back(4); }},
      {"fewer convs", [](KernelSpec& s) { s.convs.pop_back(); }},
      {"fewer steps", [](KernelSpec& s) { s.steps.pop_back(); }},
      {"outputs", [](KernelSpec& s) { s.outputs[0] = 6; }},
      {"more outputs", [](KernelSpec& s) { s.outputs.push_back(6); }},
      {"out_channels", [](KernelSpec& s) { s.out_channels = 8; }},
      {"out_pixel_stride", [](KernelSpec& s) { s.out_pixel_stride = 4; }},
      {"summed", [](KernelSpec& s) { s.summed = 0; }},
      {"image_channels", [](KernelSpec& s) { s.image_channels = 3; }},
      {"other image_channels", [](KernelSpec& s) { s.image_channels = 4; }},
      {"another summed", [](KernelSpec& s) { s.summed = 1; }},
      {"rounding", [](KernelSpec& s) { s.rounding = Rounding::kExact; }},
      {"conv.inputs", [](KernelSpec& s) { s.convs[0].inputs[1] = 2; }},
      {"conv.digits", [](KernelSpec& s) { s.convs[1].digits = 2; }},
      {"conv.filters", [](KernelSpec& s) { s.convs[1].filters = 4; }},
      {"conv.upsampled", [](KernelSpec& s) { s.convs[0].upsampled = true; }},
      {"conv.digit_pairs", [](KernelSpec& s) { s.convs[1].digit_pairs = true; }},
      {"conv.exact", [](KernelSpec& s) { s.convs[0].exact = true; }},
      {"conv.extreme_pairs", [](KernelSpec& s) { s.convs[0].extreme_pairs = true; }},
  };
  for (size_t i = 0; i < 2; ++i) {
    const std::string side = i == 0 ? "[0]" : "[1]";
    all["conv.kernel" + side] = [i](KernelSpec& s) { s.convs[0].kernel[i] = 7; };
    all["conv.stride" + side] = [i](KernelSpec& s) { s.convs[0].stride[i] = 7; };
    all["conv.dilation" + side] = [i](KernelSpec& s) { s.convs[0].dilation[i] = 7; };
    all["conv.pad" + side] = [i](KernelSpec& s) { s.convs[0].pad[i] = 7; };
  }
  const KernelSpec spec = spec_of_everything();
  for (size_t i = 0; i < spec.steps.size(); ++i) {
    using Kind = KernelStep::Kind;
    const Kind kind = spec.steps[i].kind;
    const std::string step = "step " + std::to_string(i) + ".";
    all[step + "kind"] = [i, kind](KernelSpec& s) {
      s.steps[i].kind = kind == Kind::kAffine ? Kind::kLookup : Kind::kAffine;
    };
    if (kind == Kind::kRequantize) all[step + "conv"] = [i](KernelSpec& s) { s.steps[i].conv = 1; };
    if (spec.steps[i].input >= 0) all[step + "input"] = [i](KernelSpec& s) { s.steps[i].input = 1; };
    if (spec.steps[i].a >= 0) all[step + "a"] = [i](KernelSpec& s) { s.steps[i].a = 2; };
    if (spec.steps[i].b >= 0) all[step + "b"] = [i](KernelSpec& s) { s.steps[i].b = 2; };
    if (kind == Kind::kRequantize || kind == Kind::kAdd || kind == Kind::kMul) {
      all[step + "clamp"] = [i](KernelSpec& s) { s.steps[i].clamp = true; };
    }
    if (kind != Kind::kMaxPool) continue;
    all[step + "clamp_to_edge"] = [i](KernelSpec& s) { s.steps[i].clamp_to_edge = true; };
    for (size_t j = 0; j < 2; ++j) {
      const std::string side = j == 0 ? "[0]" : "[1]";
      all[step + "kernel" + side] = [i, j](KernelSpec& s) { s.steps[i].kernel[j] = 7; };
      all[step + "stride" + side] = [i, j](KernelSpec& s) { s.steps[i].stride[j] = 7; };
      all[step + "pad" + side] = [i, j](KernelSpec& s) { s.steps[i].pad[j] = 7; };
    }
  }
  return all;
}

TEST(Signature, TellsEveryChangeFromEveryOther) {
  std::map<std::string, std::string> changes_by_text{{signature(spec_of_everything()), "no change"}};
  for (const auto& [name, change] : changes()) {
    KernelSpec changed = spec_of_everything();
    change(changed);
    EXPECT_NE(changed, spec_of_everything()) << name;
    const auto [other, is_new] = changes_by_text.emplace(signature(changed), name);
    EXPECT_TRUE(is_new) << name << " has the signature of " << other->second;
  }
}

}  // namespace
}  // namespace qatc::testing
