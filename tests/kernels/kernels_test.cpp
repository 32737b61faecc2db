// Generated kernels against the reference evaluator, byte for byte, over random networks of 8-bit ops at awkward image
// sizes. Each case runs on this machine, on ARM64 with dot products or with matrix products (a suite's first two cases,
// one of each rounding, with both), and on one of the other instruction sets. QATC_SEED=N tries other networks.

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <optional>
#include <random>

#include "ops/evaluate.h"
#include "schedules/candidates.h"
#include "schedules/exact_rounding.h"
#include "schedules/pixel_lanes.h"
#include "schedules/templates/autoscheduler.h"
#include "support/generated_library.h"
#include "support/network_builder.h"

namespace qatc::testing {
namespace {

using Size = std::array<int64_t, 2>;
using Filter = NetworkBuilder::Filter;

const std::vector<Size> kSizes{{1, 1}, {1, 7}, {7, 1}, {5, 3}, {13, 11}, {37, 23}};
const std::vector<int64_t> kInputChannels{1, 3, 4, 5, 8, 10, 12, 16, 20, 24, 32, 33, 48, 64};
const std::vector<int64_t> kOutputChannels{1, 3, 4, 10, 12, 16, 24, 32, 40, 64};
const std::vector<std::string> kOtherTargets{"x86-64-linux", "arm-64-linux", "x86-64-linux-sse41-avx-f16c-fma-avx2",
                                             "x86-64-linux-avx2-avxvnni"};

uint64_t base_seed() {
  static const uint64_t seed = [] {
    const uint64_t chosen = seed_from_environment(20240501);
    std::cout << "QATC_SEED=" << chosen << "\n";
    return chosen;
  }();
  return seed;
}

/// The same choices in another order for each seed, so that a few cases cover all.
std::vector<int64_t> shuffled(std::vector<int64_t> choices) {
  std::mt19937_64 random(base_seed());
  for (size_t i = choices.size() - 1; i > 0; --i) std::swap(choices[i], choices[random() % (i + 1)]);
  return choices;
}

class Kernels : public ::testing::TestWithParam<int> {
 protected:
  uint64_t case_seed() const {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    uint64_t seed = base_seed();
    for (const char* c = info->name(); *c != 0; ++c) seed = seed * 131 + static_cast<uint8_t>(*c);
    return seed;
  }

  /// Another number of input channels for each case.
  int64_t network_channels() const {
    return shuffled(kInputChannels)[static_cast<size_t>(GetParam()) % kInputChannels.size()];
  }

  /// Even cases round in float, odd ones exactly: other bits of the number choose.
  virtual std::vector<std::string> case_targets() const {
    const auto index = static_cast<size_t>(GetParam());
    std::vector<std::string> targets{"host", kOtherTargets[(index + index / 4) % kOtherTargets.size()]};
    if (index < 2 || index / 2 % 2 == 0) targets.emplace_back("arm-64-linux-arm_dot_prod");
    if (index < 2 || index / 2 % 2 == 1) targets.emplace_back("arm-64-linux-arm_dot_prod-i8mm");
    return targets;
  }

  /// As `compile` chooses where it compiles no candidates.
  virtual KernelSchedule choose_schedule(const KernelSpec& spec, const Target& target) {
    return known_schedule(spec, target.isa).schedule;
  }

  virtual Tensor make_image(int64_t height, int64_t width, int64_t channels) {
    return random_image(case_seed(), height, width, channels);
  }

  Plan expect_equal(NetworkBuilder& network, std::vector<Size> sizes = kSizes) {
    const Rounding rounding = GetParam() % 2 == 0 ? Rounding::kFloat : Rounding::kExact;
    Plan plan = make_plan(network.finish(), rounding);
    SCOPED_TRACE("QATC_SEED=" + std::to_string(base_seed()) + (rounding == Rounding::kFloat ? ", float" : ", exact"));
    std::string chosen;
    const auto choose = [&](const KernelSpec& spec, const Target& target) {
      const KernelSchedule schedule = choose_schedule(spec, target);
      chosen +=
          signature(spec) + ": " + std::string(scheduler_name(schedule.scheduler)) + " " + to_string(schedule) + "\n";
      return schedule;
    };
    GeneratedLibrary library(plan, runnable(case_targets()), "net", choose);
    SCOPED_TRACE(chosen);
    const int64_t channels = plan.tensors[static_cast<size_t>(plan.input_tensor)].channels;
    // Sizes below the network's minimum become that minimum.
    for (Size& size : sizes) {
      size = {std::max(size[0], plan.limits.min_height), std::max(size[1], plan.limits.min_width)};
    }
    for (const Size& size : sizes) {
      const Tensor image = make_image(size[0], size[1], channels);
      const RunResult expected = float_image(evaluate(plan.graph, {image}, rounding).front());
      for (const std::string& target : library.targets()) {
        const RunResult actual =
            library.run(target, float_image(image), {"--threads", std::to_string(size[1] % 3 + 1)});
        const std::string difference = first_difference(expected, actual);
        if (difference.empty()) continue;
        const int64_t channel = std::atoll(difference.c_str() + std::string("channel ").size());
        ADD_FAILURE() << target << ", image " << size[0] << " x " << size[1] << ": " << difference << ", in "
                      << network.kept_name(channel);
      }
    }
    return plan;
  }
};

class Conv : public Kernels {};

TEST_P(Conv, EqualsEvaluator) {
  const std::vector<int64_t> inputs = shuffled(kInputChannels);
  const std::vector<int64_t> outputs = shuffled(kOutputChannels);
  const auto index = static_cast<size_t>(GetParam());
  NetworkBuilder network(case_seed(), inputs[index % inputs.size()]);
  std::vector<ValueId> made{network.image()};
  for (size_t i = 0; i < 6; ++i) {
    const int64_t channels = outputs[(index * 6 + i) % outputs.size()];
    std::vector<ValueId> activations{i < 3 ? network.image() : network.one_of(made)};
    while (network.integer(0, 2) == 0 && activations.size() < 3) {
      const ValueId other = network.one_of(made);
      if (network.same_size(other, activations[0])) activations.push_back(other);
    }
    made.push_back(network.keep(network.conv(activations, channels, network.random_conv())));
  }
  expect_equal(network);
}
INSTANTIATE_TEST_SUITE_P(Kernels, Conv, ::testing::Range(0, 14));

class ConvWithoutPads : public Kernels {};

TEST_P(ConvWithoutPads, EqualsEvaluator) {
  NetworkBuilder network(case_seed(), 3 + 7 * GetParam());
  ValueId value = network.image();
  for (int i = 0; i < 4; ++i) {
    NetworkBuilder::ConvOptions options = network.random_conv({1, 2});
    options.pad = {};
    value = network.one_of<ValueId>({value, network.image()});
    value = network.keep(network.conv({value}, network.one_of(kOutputChannels), options));
  }
  expect_equal(network);
}
INSTANTIATE_TEST_SUITE_P(Kernels, ConvWithoutPads, ::testing::Range(0, 2));

class ConvOfExtremes : public Kernels {
 protected:
  /// All channels of a pixel are the smallest value there is, or the largest.
  Tensor make_image(int64_t height, int64_t width, int64_t channels) override {
    Tensor image = random_image(case_seed(), height, width, channels);
    for (size_t i = 0; i < image.real.size(); ++i) {
      const size_t pixel = i / static_cast<size_t>(channels) * static_cast<size_t>(channels);
      if (i == pixel) image.real[i] = image.real[i] < 0.5 ? -1e6 : 1e6;
      image.real[i] = image.real[pixel];
    }
    return image;
  }
};

/// Products of the largest magnitude, side by side: filters of nothing but -128 and 127.
TEST_P(ConvOfExtremes, EqualsEvaluator) {
  NetworkBuilder network(case_seed(), 12);
  NetworkBuilder::ConvOptions options;
  options.filter = Filter::kSaturated;
  network.keep(network.conv({network.image()}, 16, options));
  options.kernel = {3, 3};
  options.pad = {1, 1, 1, 1};
  network.keep(network.conv({network.image()}, 12, options));
  network.keep(network.conv({network.image(), network.image()}, 24, options));
  expect_equal(network);
}
INSTANTIATE_TEST_SUITE_P(Kernels, ConvOfExtremes, ::testing::Values(0, 1));

class Fused : public Kernels {};

TEST_P(Fused, GatesAndResiduals) {
  NetworkBuilder network(case_seed(), network_channels());
  const std::vector<int64_t> channels = shuffled(kOutputChannels);
  ValueId x = network.image();
  for (int i = 0; i < 2; ++i) {
    // A gate: two convs of one input, tables, their product; all three results are needed.
    const int64_t count = channels[static_cast<size_t>(2 * GetParam() + i) % channels.size()];
    NetworkBuilder::ConvOptions options = network.random_conv();
    const ValueId a = network.keep(network.lookup(network.conv({x}, count, options)));
    const ValueId b = network.keep(network.lookup(network.conv({x}, count, options)));
    const ValueId gate = network.keep(network.mul(a, b));
    // Residual branches: conv + conv, conv + memory, conv * memory.
    options = network.random_conv({1});
    options.pad = {options.kernel[0] / 2 * options.dilation[0], options.kernel[1] / 2 * options.dilation[1],
                   options.kernel[0] / 2 * options.dilation[0], options.kernel[1] / 2 * options.dilation[1]};
    for (size_t d = 0; d < 2; ++d) {
      if (options.kernel[d] % 2 == 0) options.pad[d + 2] -= options.dilation[d];
    }
    const ValueId skip = network.conv({gate}, count, {});
    const ValueId main = network.lookup(network.conv({gate}, count, options));
    const ValueId sum = network.keep(network.lookup(network.add(main, skip)));
    network.keep(network.add(network.conv({sum}, count, options), gate));
    x = network.keep(network.mul(sum, network.conv({sum}, count, options)));
  }
  expect_equal(network);
}
INSTANTIATE_TEST_SUITE_P(Kernels, Fused, ::testing::Range(0, 5));

/// Values halfway between two integers, or so near to it that float does not tell, which exact rounding on x86 computes
/// in double (lower/float_bounds.h).
class Ties : public Kernels {};

TEST_P(Ties, EqualEvaluator) {
  NetworkBuilder network(case_seed(), network_channels());
  network.prefer_ties();
  ValueId x = network.conv({network.image()}, 16, {});
  for (const int64_t count : {3, 12, 33, 64}) {
    const ValueId a = network.keep(network.conv({x}, count, {}));
    NetworkBuilder::ConvOptions options;
    options.filter = count == 12 ? Filter::kZeroPoints : Filter::kPerChannel;
    const ValueId b = network.keep(network.conv({x, x}, count, options));
    x = network.keep(network.mul(a, network.add(a, b)));
    x = network.keep(network.add(x, b));
  }
  const Plan plan = expect_equal(network);
  int64_t steps = 0;
  for (const KernelSpec& spec : plan.kernels) {
    steps += std::count_if(spec.steps.begin(), spec.steps.end(),
                           [&](const KernelStep& step) { return rounds_between(spec, step, Isa::kX86Avx2); });
  }
  EXPECT_GE(steps, 9) << print(plan);  // of the convs alone
}
// Exact rounding, with each of kOtherTargets once.
INSTANTIATE_TEST_SUITE_P(Kernels, Ties, ::testing::Values(1, 3, 5, 7));

class Elementwise : public Kernels {};

TEST_P(Elementwise, EqualsEvaluator) {
  NetworkBuilder network(case_seed(), network_channels());
  const ValueId x = network.image();
  const int64_t count = network.channels(x);
  const ValueId a = network.keep(network.lookup(x));
  const ValueId b = network.keep(network.conv({x}, count, {}));
  network.keep(network.add(x, a));
  network.keep(network.mul(a, b));
  network.keep(network.add(a, a));
  network.keep(network.mul(network.lookup(b), network.add(b, x)));
  network.keep(network.concat({x, b, a, network.lookup(b)}));
  expect_equal(network);
}
INSTANTIATE_TEST_SUITE_P(Kernels, Elementwise, ::testing::Range(0, 4));

class Norm : public Kernels {};

TEST_P(Norm, EqualsEvaluator) {
  NetworkBuilder network(case_seed(), network_channels());
  const ValueId x = network.image();
  network.keep(network.instance_norm(x));
  NetworkBuilder::ConvOptions constant;
  constant.gain = 0.001;
  const ValueId flat = network.conv({x}, network.one_of(kOutputChannels), constant);
  network.keep(network.lookup(network.instance_norm(flat)));
  NetworkBuilder::ConvOptions extreme;
  extreme.gain = 1e6;
  const ValueId black_and_white = network.conv({x}, network.one_of(kOutputChannels), extreme);
  const ValueId norm = network.lookup(network.instance_norm(black_and_white, 1e-12F));
  network.keep(network.add(norm, black_and_white));
  const ValueId y = network.lookup(network.conv({x}, network.one_of(kOutputChannels), network.random_conv()));
  network.keep(network.lookup(network.instance_norm(y, 0.1F)));
  network.keep(network.conv({y}, 8, {}));
  expect_equal(network);
}
INSTANTIATE_TEST_SUITE_P(Kernels, Norm, ::testing::Range(0, 4));

class Movement : public Kernels {};

TEST_P(Movement, EqualsEvaluator) {
  NetworkBuilder network(case_seed(), network_channels());
  const ValueId x = network.image();
  const ValueId wide = network.conv({x}, network.one_of(kOutputChannels), network.random_conv({1}));
  const ValueId joined = network.concat({x, network.lookup(x)});
  network.keep(network.max_pool(joined, {3, 3}, {2, 2}, {1, 1, 1, 1}));
  network.keep(network.lookup(network.max_pool(wide, {2, 2}, {1, 2}, {0, 1, 1, 0})));
  network.keep(network.max_pool(x, {5, 1}, {1, 1}, {2, 0, 2, 0}));
  const ValueId small = network.max_pool(x, {2, 2}, {2, 2}, {1, 1, 1, 1});
  network.keep(network.lookup(network.resize(small, {Extent::height(), Extent::width()})));
  network.keep(network.resize_by(x, 2, 1));
  network.keep(network.resize_by(small, 5, 2));
  const Extent third = Extent::height().step(1, 2, 3);
  network.keep(network.resize(wide, {third, Extent::width().step(2, 3, 1)}));
  network.keep(
      network.conv({network.resize(small, {Extent::height(), Extent::width()})}, 12, network.random_conv({1})));
  expect_equal(network);
}
INSTANTIATE_TEST_SUITE_P(Kernels, Movement, ::testing::Range(0, 4));

/// Even ones are those where every resize of add_upsampled_convs doubles.
const std::vector<Size> kUpsampledSizes{{2, 2},   {2, 14},  {14, 2},  {3, 2},   {5, 4},
                                        {26, 22}, {27, 22}, {26, 23}, {71, 65}, {72, 66}};

/// Six convolutions of upsampled images.
void add_upsampled_convs(NetworkBuilder& network) {
  NetworkBuilder::ConvOptions around = NetworkBuilder::around();
  const ValueId small = network.max_pool(network.image(), {2, 2}, {2, 2}, {0, 0, 0, 0});
  for (Filter filter : {Filter::kPerChannel, Filter::kSaturated, Filter::kUnsigned}) {
    around.filter = filter;
    ValueId value = network.lookup(network.conv({small}, network.one_of(kOutputChannels), {}));
    value = network.conv({network.resize_by(value, 2, 1)}, network.one_of(kOutputChannels), around);
    network.keep(network.coin() ? network.lookup(value) : value);
  }
  // Of an image that is stored, and twice as large as the network's.
  around.filter = Filter::kPerTensor;
  const ValueId norm = network.instance_norm(network.conv({small}, network.one_of(kOutputChannels), {}));
  // Odd heights are 2n + 1 where the pool left n rows, and 2n - 1 where a conv did.
  const ValueId same = network.conv({network.resize(norm, {Extent::height(), Extent::width()})}, 12, around);
  NetworkBuilder::ConvOptions halve = around;
  halve.stride = {2, 2};
  const ValueId half = network.conv({network.image()}, network.one_of(kOutputChannels), halve);
  network.keep(network.conv({network.resize(half, {Extent::height(), Extent::width()})}, 8, around));
  network.keep(network.conv({network.resize_by(same, 2, 1)}, 4, around));
}

int64_t upsampled_convs(const Plan& plan) {
  int64_t count = 0;
  for (const Stage& stage : plan.stages) {
    count += std::count_if(stage.calls.begin(), stage.calls.end(),
                           [](const KernelCall& call) { return call.upsampled.has_value(); });
  }
  return count;
}

class UpsampledConvs : public Kernels {};

/// At sizes where the resize doubles and at others.
TEST_P(UpsampledConvs, EqualsEvaluator) {
  NetworkBuilder network(case_seed(), network_channels());
  add_upsampled_convs(network);
  const Plan plan = expect_equal(network, kUpsampledSizes);
  EXPECT_EQ(upsampled_convs(plan), 6) << print(plan);
}
INSTANTIATE_TEST_SUITE_P(Kernels, UpsampledConvs, ::testing::Range(0, 4));

class Norms : public Kernels {};

/// Their sums, by the kernels that compute what they are of and by others.
TEST_P(Norms, EqualEvaluator) {
  NetworkBuilder network(case_seed(), network_channels());
  NetworkBuilder::ConvOptions around = NetworkBuilder::around();
  NetworkBuilder::ConvOptions halve = around;
  halve.stride = {2, 2};
  const ValueId x = network.image();
  network.keep(network.instance_norm(x));
  // Rows of the second are few and many, narrow and wide.
  ValueId value = network.conv({x}, network.one_of(kOutputChannels), around);
  network.keep(network.lookup(network.instance_norm(value)));
  value = network.conv({value}, network.one_of(kOutputChannels), halve);
  network.keep(network.instance_norm(value));
  network.keep(network.instance_norm(value));
  // Of one of several results.
  const int64_t count = network.one_of(kOutputChannels);
  const ValueId a = network.lookup(network.conv({value}, count, around));
  const ValueId b = network.keep(network.lookup(network.conv({value}, count, around)));
  network.keep(network.instance_norm(network.coin() ? a : network.mul(a, b)));
  // Of what kernels without a conv compute, and of pairs of rows.
  network.keep(network.instance_norm(network.max_pool(value, {2, 2}, {2, 2}, {0, 0, 0, 0})));
  network.keep(network.instance_norm(network.resize(value, {Extent::height(), Extent::width()})));
  network.keep(network.instance_norm(network.conv({network.resize_by(value, 2, 1)}, 12, around)));
  const Plan plan = expect_equal(network);
  const auto by_writers = std::count_if(plan.statistics.begin(), plan.statistics.end(),
                                        [](const Statistics& statistics) { return statistics.sums_kernel < 0; });
  EXPECT_GE(by_writers, 4) << print(plan);
  EXPECT_LT(by_writers, static_cast<int64_t>(plan.statistics.size())) << print(plan);
}
INSTANTIATE_TEST_SUITE_P(Kernels, Norms, ::testing::Range(0, 4));

int64_t pixel_lanes_kernels(const Plan& plan, int digits) {
  return std::count_if(plan.kernels.begin(), plan.kernels.end(), [&](const KernelSpec& spec) {
    return pixel_lanes(spec, Isa::kX86Vnni) > 0 && spec.convs.front().digits == digits;
  });
}

/// Around those of tiles whose vectors run along pixels.
const std::vector<std::array<int64_t, 2>> kPixelLanesSizes{{1, 31}, {5, 32}, {2, 33},  {3, 47},
                                                           {4, 49}, {7, 64}, {13, 71}, {6, 130}};

class FloatHeads : public Kernels {};

/// Float filters to few channels.
TEST_P(FloatHeads, EqualEvaluator) {
  const int64_t channels = std::array<int64_t, 3>{12, 32, 24}.at(static_cast<size_t>(GetParam()));
  NetworkBuilder network(case_seed(), channels);
  const std::vector<std::array<int64_t, 2>> kernels{{3, 3}, {5, 5}, {1, 1}, {2, 3}};
  int64_t outputs = 1;
  for (const std::array<int64_t, 2>& kernel : kernels) {
    NetworkBuilder::ConvOptions options;
    options.kernel = kernel;
    options.pad = {kernel[0] / 2, kernel[1] / 2, (kernel[0] - 1) / 2, (kernel[1] - 1) / 2};
    options.gain = network.one_of<double>({20, 60, 1e6});
    const ValueId other = network.max_pool(network.conv({network.image()}, outputs, {}), {2, 2}, {1, 1}, {1, 0, 0, 1});
    options.filter = Filter::kFixedPoint;
    const ValueId value = network.conv({network.image()}, outputs, options);
    network.keep(network.coin() ? network.lookup(network.add(value, other)) : network.lookup(value));
    outputs = outputs % 3 + 1;
  }
  const Plan plan = expect_equal(network, kPixelLanesSizes);
  EXPECT_EQ(pixel_lanes_kernels(plan, 4), 4) << print(plan);
  // Digits of 9 x 32 and 25 x 32 taps: those of the second may exceed int32 in pairs.
  const auto has_pairs = [](const KernelSpec& spec) { return !spec.convs.empty() && spec.convs[0].digit_pairs; };
  EXPECT_EQ(std::count_if(plan.kernels.begin(), plan.kernels.end(), has_pairs), channels == 12 ? 4 : 3) << print(plan);
}
INSTANTIATE_TEST_SUITE_P(Kernels, FloatHeads, ::testing::Range(0, 3));

class QuantizedHeads : public Kernels {};

/// 8-bit filters to few channels, of pixels of every size that is transposed.
TEST_P(QuantizedHeads, EqualEvaluator) {
  const int64_t channels = std::array<int64_t, 8>{3, 8, 12, 16, 24, 32, 48, 64}.at(static_cast<size_t>(GetParam()));
  NetworkBuilder network(case_seed(), channels);
  const std::vector<std::array<int64_t, 2>> kernels{{3, 3}, {5, 4}, {1, 1}, {1, 7}};
  const std::vector<int64_t> outputs{3, 12, 1, 8};
  for (size_t i = 0; i < kernels.size(); ++i) {
    const auto& [height, width] = kernels[i];
    NetworkBuilder::ConvOptions options;
    options.kernel = kernels[i];
    options.pad = {height / 2, width / 2, (height - 1) / 2, (width - 1) / 2};
    const ValueId value = network.conv({network.image()}, outputs[i], options);
    // A conv alone, too: its results come from the sums by channel.
    network.keep(i == 0 ? value : network.coin() ? network.lookup(value) : network.add(value, value));
  }
  const Plan plan = expect_equal(network, kPixelLanesSizes);
  // Eight rows of 48 bytes and more are too many.
  EXPECT_EQ(pixel_lanes_kernels(plan, 1), channels < 48 ? 4 : 3) << print(plan);
}
INSTANTIATE_TEST_SUITE_P(Kernels, QuantizedHeads, ::testing::Range(0, 8));

class Chain : public Kernels {};

/// Values with one reader, which become windows of a stage.
TEST_P(Chain, EqualsEvaluator) {
  NetworkBuilder network(case_seed(), network_channels());
  ValueId value = network.image();
  for (int i = 0; i < 9; ++i) {
    switch (network.integer(0, 6)) {
      case 0:
        value = network.resize_by(value, network.integer(3, 4), 2);
        break;
      case 1:
        value = network.max_pool(value, {2, 2}, {1, 1}, {1, 0, 0, 1});
        break;
      case 2:
        value = network.lookup(value);
        break;
      case 3:
        value = network.instance_norm(value);
        break;
      default:
        value = network.conv({value}, network.one_of(kOutputChannels), network.random_conv());
    }
  }
  network.keep(value);
  if (network.coin()) network.keep(network.conv({value}, 3, network.random_conv({1})));
  expect_equal(network, {{1, 1}, {2, 9}, {37, 23}, {70, 5}});
}
INSTANTIATE_TEST_SUITE_P(Kernels, Chain, ::testing::Range(0, 6));

class RandomSchedules : public Kernels {
 protected:
  KernelSchedule choose_schedule(const KernelSpec& spec, const Target& target) override {
    const std::vector<KernelSchedule> candidates = schedule_candidates(spec, target.isa);
    if (!random_) random_.emplace(case_seed());
    return candidates[(*random_)() % candidates.size()];
  }

 private:
  std::optional<std::mt19937_64> random_;
};

/// Any candidate of the search computes the same bytes; only its speed is its own.
TEST_P(RandomSchedules, EqualEvaluator) {
  NetworkBuilder network(case_seed(), network_channels());
  const std::vector<int64_t> counts = shuffled(kOutputChannels);
  const auto index = static_cast<size_t>(GetParam());
  ValueId x = network.image();
  for (size_t i = 0; i < 3; ++i) {
    const int64_t count = counts[(3 * index + i) % counts.size()];
    NetworkBuilder::ConvOptions options = network.random_conv();
    const ValueId a = network.keep(network.lookup(network.conv({x}, count, options)));
    const ValueId gate = network.keep(network.mul(a, network.conv({x}, count, options)));
    x = network.keep(network.add(network.conv({gate, a}, count, {}), gate));
  }
  network.keep(network.lookup(network.instance_norm(x)));
  network.keep(network.max_pool(x, {2, 2}, {1, 1}, {1, 0, 0, 1}));
  NetworkBuilder::ConvOptions digits;
  digits.filter = Filter::kFixedPoint;
  network.keep(network.conv({x}, network.integer(1, 12), digits));
  expect_equal(network);
}

TEST_P(RandomSchedules, OfUpsampledConvsEqualEvaluator) {
  NetworkBuilder network(case_seed(), network_channels());
  add_upsampled_convs(network);
  const Plan plan = expect_equal(network, kUpsampledSizes);
  EXPECT_EQ(upsampled_convs(plan), 6) << print(plan);
}
INSTANTIATE_TEST_SUITE_P(Kernels, RandomSchedules, ::testing::Range(0, 4));

class Autoscheduled : public Kernels {
 protected:
  /// Both schedulers on both, where the number's bits above would tie one to one.
  std::vector<std::string> case_targets() const override {
    return {"host", kOtherTargets[static_cast<size_t>(GetParam())], "arm-64-linux-arm_dot_prod",
            "arm-64-linux-arm_dot_prod-i8mm"};
  }
  KernelSchedule choose_schedule(const KernelSpec& spec, const Target& target) override {
    const Scheduler scheduler = GetParam() / 2 % 2 == 0 ? Scheduler::kMullapudi2016 : Scheduler::kAdams2019;
    const ScheduleChoice choice = known_or_autoscheduled(spec, target, scheduler);
    // Sums may be wanted for all rows at once, which no stack holds; tiles of matrix products are not theirs to choose.
    const bool may_refuse = is_channel_sums(spec) || (target.isa == Isa::kArmI8mm && !spec.convs.empty());
    EXPECT_TRUE(may_refuse || choice.refusal.empty())
        << target.name << " " << signature(spec) << ": " << choice.refusal;
    return choice.schedule;
  }
};

/// Halide's autoschedulers know nothing of images narrower than a tile, slices of tensors and borders.
TEST_P(Autoscheduled, EqualEvaluator) {
  NetworkBuilder network(case_seed(), network_channels());
  const ValueId x = network.image();
  const int64_t count = network.one_of(kOutputChannels);
  NetworkBuilder::ConvOptions same = NetworkBuilder::around();
  const ValueId a = network.keep(network.lookup(network.conv({x}, count, same)));
  const ValueId gate = network.keep(network.mul(a, network.lookup(network.conv({x}, count, same))));
  const ValueId y = network.keep(network.add(network.conv({gate, x}, count, same), gate));
  network.keep(network.conv({x, y}, count, network.random_conv()));
  network.keep(network.lookup(network.instance_norm(y)));
  const ValueId small = network.keep(network.max_pool(y, {3, 3}, {2, 2}, {1, 1, 1, 1}));
  network.keep(network.lookup(network.resize(small, {Extent::height(), Extent::width()})));
  network.keep(network.concat({x, network.lookup(y)}));
  NetworkBuilder::ConvOptions digits;
  digits.filter = Filter::kFixedPoint;
  network.keep(network.conv({y}, network.integer(1, 12), digits));
  expect_equal(network);
}
INSTANTIATE_TEST_SUITE_P(Kernels, Autoscheduled, ::testing::Range(0, 4));

class Stages : public Kernels {};

/// Values with several readers at several distances, as in residual blocks and gates: windows that more than one kernel
/// reads, kernels that write windows and stored tensors at once, images that are read again, over one to four threads.
TEST_P(Stages, EqualEvaluator) {
  NetworkBuilder network(case_seed(), network_channels());
  std::vector<ValueId> values{network.image()};
  const auto recent = [&] {
    const auto last = static_cast<int64_t>(values.size()) - 1;
    return values[static_cast<size_t>(network.integer(std::max<int64_t>(0, last - 3), last))];
  };
  const std::vector<int64_t> outputs{4, 10, 16};
  for (int i = 0; i < 12; ++i) {
    const ValueId a = recent();
    const ValueId b = recent();
    switch (network.integer(0, 7)) {
      case 0:
        values.push_back(network.resize_by(a, network.integer(3, 4), 2));
        break;
      case 1:
        values.push_back(network.instance_norm(a));
        break;
      case 2:
        values.push_back(network.lookup(a));
        break;
      case 3:
      case 4:
        if (network.same_size(a, b) && network.channels(a) == network.channels(b)) {
          values.push_back(network.coin() ? network.add(a, b) : network.mul(a, b));
          break;
        }
        [[fallthrough]];
      default:
        values.push_back(network.conv({a}, network.one_of(outputs), network.random_conv()));
    }
  }
  network.keep(values.back());
  network.keep(recent());
  expect_equal(network, {{1, 1}, {3, 10}, {37, 24}, {83, 6}});
}
INSTANTIATE_TEST_SUITE_P(Kernels, Stages, ::testing::Range(0, 6));

}  // namespace
}  // namespace qatc::testing
