// Which kernels of a network run at an image size, and how much of it they compute.

#include "tune/measured_calls.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "support/generated_library.h"
#include "support/network_builder.h"
#include "tune/tune.h"

namespace qatc::testing {
namespace {

/// A conv to half of the image's sides, whose result is brought back to them and goes through another conv.
Plan upsampling_plan() {
  NetworkBuilder network(1, 3);
  NetworkBuilder::ConvOptions conv = NetworkBuilder::around();
  NetworkBuilder::ConvOptions halve = conv;
  halve.stride = {2, 2};
  const ValueId half = network.conv({network.image()}, 16, halve);
  network.keep(network.conv({network.resize(half, {Extent::height(), Extent::width()})}, 12, conv));
  return make_plan(network.finish(), Rounding::kFloat);
}

std::string role(const KernelSpec& spec) {
  for (const KernelStep& step : spec.steps) {
    if (step.kind == KernelStep::Kind::kResizeLoad) return "resize";
  }
  if (spec.convs.empty()) return is_channel_sums(spec) ? "channel_sums" : "other";
  if (spec.convs.front().upsampled) return "upsampled";
  return spec.convs.front().stride[0] == 2 ? "halve" : "conv";
}

std::map<std::string, MeasuredCall> calls_by_role(const Plan& plan, int64_t height, int64_t width) {
  std::map<std::string, MeasuredCall> calls;
  for (const MeasuredCall& call : measured_calls(plan, height, width)) {
    calls[role(plan.kernels[static_cast<size_t>(call.kernel)])] = call;
  }
  return calls;
}

TEST(MeasuredCalls, AnUpsampledConvRunsInPlaceOfTheResizeAndTheConvWhereTheSizeDoubles) {
  const std::map<std::string, MeasuredCall> calls = calls_by_role(upsampling_plan(), 24, 40);
  EXPECT_TRUE(calls.at("halve").runs);
  EXPECT_TRUE(calls.at("upsampled").runs);
  EXPECT_FALSE(calls.at("resize").runs);
  EXPECT_FALSE(calls.at("conv").runs);
  EXPECT_EQ(calls.at("halve").pixels, 12 * 20);
  EXPECT_EQ(calls.at("upsampled").pixels, 24 * 40);
  EXPECT_EQ(calls.at("conv").pixels, 24 * 40);
}

TEST(MeasuredCalls, ElsewhereItIsTheResizeAndTheConv) {
  const std::map<std::string, MeasuredCall> calls = calls_by_role(upsampling_plan(), 24, 41);
  EXPECT_TRUE(calls.at("halve").runs);
  EXPECT_FALSE(calls.at("upsampled").runs);
  EXPECT_TRUE(calls.at("resize").runs);
  EXPECT_TRUE(calls.at("conv").runs);
  // What is imitated consists of whole pairs all the same.
  const MeasuredCall& upsampled = calls.at("upsampled");
  EXPECT_EQ(upsampled.width, 40);
  EXPECT_EQ(upsampled.rows % 2, 0);
  EXPECT_EQ(upsampled.inputs.at(0).width, 20);
  EXPECT_EQ(upsampled.inputs.at(0).height, upsampled.rows / 2);
}

TEST(MeasuredCalls, OfAllCallsOfAKernelTheOneWithMostPixelsIsMeasured) {
  NetworkBuilder network(1, 16);
  // One norm's sums are the resize's own, the other's are not.
  const ValueId resized = network.resize(network.image(), {Extent(2), Extent(100)});
  network.keep(network.instance_norm(resized));
  network.keep(network.instance_norm(resized));
  network.keep(network.instance_norm(network.image()));
  const Plan plan = make_plan(network.finish(), Rounding::kFloat);
  const std::map<std::string, MeasuredCall> calls = calls_by_role(plan, 24, 40);
  EXPECT_EQ(calls.at("channel_sums").width, 40);
  EXPECT_EQ(calls.at("channel_sums").pixels, 24 * 40 + 2 * 100);
}

TEST(TuneOrder, WhatDoesNotRunAtTheSizeComesLast) {
  const Plan plan = upsampling_plan();
  TuneOptions options;
  options.target = parse_target("host");
  options.compiler = c_compiler("host");
  options.times = false;  // candidates run, and must compute the same bytes
  options.most_compiled = options.most_measured = 1;
  options.height = 24;
  options.width = 40;
  std::vector<std::string> order;
  options.report = [&](const TunedKernel& kernel) {
    order.push_back(role(plan.kernels[static_cast<size_t>(kernel.kernel)]));
  };
  TunedTable table;
  tune(plan, options, table);
  ASSERT_EQ(order.size(), plan.kernels.size());
  EXPECT_TRUE(std::is_permutation(order.end() - 2, order.end(), std::vector<std::string>{"conv", "resize"}.begin()))
      << ::testing::PrintToString(order);
}

}  // namespace
}  // namespace qatc::testing
