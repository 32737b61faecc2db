#pragma once

#include <vector>

#include "plan/kernel.h"
#include "schedules/isa.h"

namespace qatc::testing {

/// conv, requantize, table: `inputs` storage channels each, kernel x kernel taps.
inline KernelSpec conv_spec(const std::vector<int64_t>& inputs, int64_t out_channels, int64_t kernel, int digits = 1) {
  KernelSpec spec;
  spec.inputs = inputs;
  KernelConv conv;
  for (size_t i = 0; i < inputs.size(); ++i) conv.inputs.push_back(static_cast<int>(i));
  conv.kernel = {kernel, kernel};
  conv.digits = digits;
  conv.filters = out_channels;
  conv.exact = digits > 1;
  spec.convs.push_back(conv);
  KernelStep requantize{KernelStep::Kind::kRequantize};
  requantize.conv = 0;
  KernelStep lookup{KernelStep::Kind::kLookup};
  lookup.a = 0;
  spec.steps = {requantize, lookup};
  spec.outputs = {1};
  spec.out_channels = spec.out_pixel_stride = out_channels;
  return spec;
}

/// A 3x3 conv of an upsampled image.
inline KernelSpec upsampled_spec(int64_t in_channels, int64_t out_channels) {
  KernelSpec spec = conv_spec({in_channels}, out_channels, 3);
  spec.convs.front().pad = {1, 1};
  spec.convs.front().upsampled = true;
  return spec;
}

/// Reads a pixel and looks it up.
inline KernelSpec lookup_spec(int64_t channels) {
  KernelSpec spec;
  spec.inputs = {channels};
  KernelStep load{KernelStep::Kind::kLoad};
  load.input = 0;
  KernelStep lookup{KernelStep::Kind::kLookup};
  lookup.a = 0;
  spec.steps = {load, lookup};
  spec.outputs = {1};
  spec.out_channels = spec.out_pixel_stride = channels;
  return spec;
}

inline KernelSpec sums_spec(int64_t channels) {
  KernelSpec spec;
  spec.inputs = {channels};
  spec.summed = 0;
  spec.out_channels = spec.out_pixel_stride = channels;
  return spec;
}

/// One of every kind that has a template of its own, over channel counts that fill vectors and others.
inline std::vector<KernelSpec> various_specs() {
  std::vector<KernelSpec> specs;
  for (int64_t channels : {4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 256}) {
    specs.push_back(conv_spec({channels}, 32, 3));
    specs.push_back(conv_spec({32}, channels, 1));
    specs.push_back(conv_spec({channels, 4}, channels, 3));
    specs.push_back(upsampled_spec(channels, 32));
    specs.push_back(upsampled_spec(32, channels));
    specs.push_back(lookup_spec(channels));
    specs.push_back(sums_spec(channels));
  }
  specs.push_back(conv_spec({32}, 4, 3, kFixedPointDigits));
  return specs;
}

}  // namespace qatc::testing
