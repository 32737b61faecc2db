#include "plan/plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "ir/parse.h"
#include "ops/op.h"
#include "support/error.h"
#include "support/generated_library.h"
#include "support/network_builder.h"

namespace qatc::testing {
namespace {

// ---- Each golden/*.txt holds a comment, a graph after `---- input` and its plan after `---- plan`.
// QATC_REBASE=1 writes the plans.

std::vector<std::filesystem::path> golden_files() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(QATC_GOLDEN_DIR)) files.push_back(entry);
  std::sort(files.begin(), files.end());
  return files;
}

Plan plan_of(const std::string& text) {
  const Graph graph = parse(text);
  verify(graph);
  return make_plan(graph, Rounding::kFloat);
}

const std::string kInputMark = "---- input\n";
const std::string kPlanMark = "---- plan\n";

/// The graph of a golden file.
std::string input_of(const std::string& golden) {
  const size_t input = golden.find(kInputMark) + kInputMark.size();
  return golden.substr(input, golden.find(kPlanMark) - input);
}

class Golden : public ::testing::TestWithParam<std::filesystem::path> {};

TEST_P(Golden, Matches) {
  const std::string text = read_file(GetParam().string());
  const size_t plan = text.find(kPlanMark);
  ASSERT_NE(plan, std::string::npos);
  const std::string actual = text.substr(0, plan) + kPlanMark + print(plan_of(input_of(text)));
  if (std::getenv("QATC_REBASE") != nullptr) {
    write_file_atomically(GetParam().string(), actual);
  } else {
    EXPECT_EQ(actual, text) << "QATC_REBASE=1 accepts the new plan";
  }
}

INSTANTIATE_TEST_SUITE_P(Plan, Golden, ::testing::ValuesIn(golden_files()),
                         [](const auto& info) { return info.param.stem().string(); });

// ---- Properties, on random networks and image sizes.

/// A network with all kinds of blocks: tensors, windows, statistics and maps.
Graph random_network(uint64_t seed, int length) {
  NetworkBuilder network(seed, 3);
  std::vector<ValueId> values{network.image()};
  for (int i = 0; i < length; ++i) {
    const ValueId a = network.one_of(values);
    switch (network.integer(0, 7)) {
      case 0:
        values.push_back(network.resize_by(a, network.integer(1, 5), 2));
        break;
      case 1:
        values.push_back(network.max_pool(a, {3, 3}, {2, 2}, {1, 1, 1, 1}));
        break;
      case 2:
        values.push_back(network.instance_norm(a));
        break;
      case 3:
        values.push_back(network.lookup(a));
        break;
      case 4:
        values.push_back(network.add(a, a));
        break;
      default:
        values.push_back(network.conv({a}, network.integer(1, 12), network.random_conv()));
    }
    if (network.integer(0, 3) == 0) network.keep(values.back());
  }
  network.keep(values.back());
  return network.finish();
}

class RandomNetwork : public ::testing::TestWithParam<uint64_t> {};

TEST_P(RandomNetwork, BlocksAliveTogetherNeverOverlap) {
  const Plan plan = make_plan(random_network(GetParam(), 30), Rounding::kFloat);
  std::mt19937_64 random(GetParam());
  for (int i = 0; i < 200; ++i) {
    const int64_t most = i % 2 == 0 ? 64 : 4096;
    const auto side = [&] { return static_cast<int64_t>(random() % static_cast<uint64_t>(most)); };
    const int64_t height = plan.limits.min_height + side();
    const int64_t width = plan.limits.min_width + side();
    const std::vector<int64_t> offsets = arena_offsets(plan, height, width);
    ASSERT_EQ(offsets.size(), plan.blocks.size() + 1);
    for (size_t a = 0; a < plan.blocks.size(); ++a) {
      const int64_t end = offsets[a] + block_size(plan, plan.blocks[a], height, width);
      EXPECT_EQ(offsets[a] % 64, 0);
      EXPECT_LE(end, offsets.back());
      for (size_t b = 0; b < a; ++b) {
        if (plan.blocks[a].first > plan.blocks[b].last || plan.blocks[b].first > plan.blocks[a].last) continue;
        const int64_t other_end = offsets[b] + block_size(plan, plan.blocks[b], height, width);
        EXPECT_TRUE(end <= offsets[b] || other_end <= offsets[a])
            << "b" << a << " and b" << b << " at " << height << " x " << width << "\n"
            << print(plan);
      }
    }
  }
}

TEST_P(RandomNetwork, EveryExtentIsPositiveFromTheMinimumOn) {
  const Plan plan = make_plan(random_network(GetParam(), 30), Rounding::kFloat);
  const SizeLimits& limits = plan.limits;
  for (const PlanTensor& tensor : plan.tensors) {
    for (int64_t more = 0; more < 40; ++more) {
      EXPECT_GE(tensor.height.evaluate(limits.min_height + more, limits.min_width), 1) << tensor.name;
      EXPECT_GE(tensor.width.evaluate(limits.min_height, limits.min_width + more), 1) << tensor.name;
    }
  }
}

TEST_P(RandomNetwork, EveryInputOfACallExistsWhenItIsRead) {
  const Plan plan = make_plan(random_network(GetParam(), 30), Rounding::kFloat);
  std::vector<bool> stored(plan.tensors.size(), false);
  for (size_t s = 0; s < plan.stages.size(); ++s) {
    const Stage& stage = plan.stages[s];
    if (stage.kind == Stage::Kind::kLoadImage) stored[static_cast<size_t>(stage.image)] = true;
    std::vector<bool> stored_here(plan.tensors.size(), false);
    for (size_t c = 0; c < stage.calls.size(); ++c) {
      for (int input : stage.calls[c].inputs) {
        const auto where = "t" + std::to_string(input) + " in s" + std::to_string(s) + "\n" + print(plan);
        const Window* window = window_of(stage, input);
        if (window == nullptr) {
          const Block& block = plan.blocks[static_cast<size_t>(plan.tensors[static_cast<size_t>(input)].block)];
          EXPECT_TRUE(stored[static_cast<size_t>(input)]) << where;
          EXPECT_LE(static_cast<int>(s), block.last) << where;
        } else {
          EXPECT_LT(window->writer, static_cast<int>(c)) << where;
          EXPECT_TRUE(std::any_of(window->readers.begin(), window->readers.end(), [&](const Window::Reader& reader) {
            return reader.call == static_cast<int>(c);
          })) << where;
        }
      }
      for (int output : stored_outputs(stage, stage.calls[c])) stored_here[static_cast<size_t>(output)] = true;
    }
    for (size_t t = 0; t < stored.size(); ++t) {
      EXPECT_FALSE(stored[t] && stored_here[t]) << "t" << t << " is written again in s" << s << "\n" << print(plan);
      stored[t] = stored[t] || stored_here[t];
    }
  }
}

TEST_P(RandomNetwork, IsPlannedTheSameTwice) {
  const Graph graph = random_network(GetParam(), 30);
  EXPECT_EQ(print(make_plan(graph, Rounding::kExact)), print(make_plan(graph, Rounding::kExact)));
}

INSTANTIATE_TEST_SUITE_P(Plan, RandomNetwork, ::testing::Range<uint64_t>(0, 20));

/// The generated code and the plan agree on arena sizes, at random image sizes and at those that are refused.
void expect_the_plans_arena_sizes(const Plan& plan, uint64_t seed) {
  GeneratedLibrary library(plan, {"host"});
  std::vector<std::string> command{library.link("host", QATC_ARENA_SIZES_SOURCE)};
  std::string expected;
  std::mt19937_64 random(seed);
  for (int i = 0; i < 300; ++i) {
    const auto height = plan.limits.min_height + static_cast<int64_t>(random() % (i < 100 ? 50 : 2000));
    const auto width = plan.limits.min_width + static_cast<int64_t>(random() % (i < 100 ? 50 : 2000));
    command.push_back(std::to_string(height));
    command.push_back(std::to_string(width));
    expected += std::to_string(arena_size(plan, height, width)) + "\n";
  }
  // Sizes that are too small, too large on a side, or too large as a whole (4 to 16 GB tensors).
  for (const auto& [height, width] : {std::pair<int64_t, int64_t>{plan.limits.min_height - 1, 100},
                                      {100, plan.limits.max_width + 1},
                                      {plan.limits.max_height, plan.limits.max_width}}) {
    command.push_back(std::to_string(height));
    command.push_back(std::to_string(width));
    const bool supported = supports(plan, height, width);
    expected += (supported ? std::to_string(arena_size(plan, height, width)) : "0") + "\n";
  }
  EXPECT_FALSE(supports(plan, 100, plan.limits.max_width + 1));
  EXPECT_EQ(run_checked(command), expected) << print(plan);
}

TEST(Arena, GeneratedCodeComputesThePlansSizes) {
  for (const uint64_t seed : {1, 2}) {
    expect_the_plans_arena_sizes(make_plan(random_network(seed, 10), Rounding::kFloat), seed);
  }
}

TEST(Arena, GeneratedCodeComputesThePlansSizesOfNormsAndScratchRows) {
  const Plan plan = plan_of(input_of(read_file(QATC_GOLDEN_DIR "/refinement.txt")));
  EXPECT_FALSE(plan.statistics.empty());
  EXPECT_TRUE(std::any_of(plan.stages.begin(), plan.stages.end(),
                          [](const Stage& stage) { return !scratch_tensors(stage).empty(); }));
  expect_the_plans_arena_sizes(plan, 3);
}

TEST(Arena, GeneratedCodeComputesThePlansSizesOfResizesAndUpsampledConvs) {
  NetworkBuilder network(4, 3);
  NetworkBuilder::ConvOptions around;
  around.kernel = {3, 3};
  around.pad = {1, 1, 1, 1};
  const ValueId first = network.conv({network.image()}, 5, around);
  const ValueId doubled = network.conv({network.resize_by(first, 2, 1)}, 4, around);
  network.keep(doubled);
  around.stride = {2, 2};
  network.keep(network.conv({network.resize_by(network.instance_norm(first), 3, 2)}, 6, around));
  const Plan plan = make_plan(network.finish(), Rounding::kFloat);
  EXPECT_GE(plan.resizes.size(), 2U);
  EXPECT_TRUE(std::any_of(plan.stages.begin(), plan.stages.end(), [](const Stage& stage) {
    return std::any_of(stage.calls.begin(), stage.calls.end(),
                       [](const KernelCall& call) { return call.upsampled.has_value(); });
  })) << print(plan);
  expect_the_plans_arena_sizes(plan, 4);
}

// ---- Convs of upsampled images.

/// How many convs of `resize` and what follows it are also computed from the image before the resize.
size_t upsampled_convs(const std::string& resize) {
  const Plan plan = plan_of(std::string(R"(graph 'upsampled'
input %x: f32[1, H, W, 4]
%q: u8[1, H, W, 4] quant(0.01, 3) = quantize(%x)
const %w1: i8[4, 1, 1, 4] quant(0.01, 0) = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}
const %b1: f32[4] = {0, 0, 0, 0}
%p: u8[1, H, W, 4] quant(0.02, 128) = conv2d(%q, %w1, %b1)
const %w3: i8[1, 3, 3, 4] quant(0.01, 0) = {)") +
                            "1" +
                            []() {
                              std::string rest;
                              for (int i = 2; i <= 36; ++i) rest += ", " + std::to_string(i);
                              return rest;
                            }() +
                            "}\nconst %bias: f32[1] = {0}\n" + resize);
  size_t count = 0;
  for (const Stage& stage : plan.stages) {
    for (const KernelCall& call : stage.calls) count += call.upsampled ? 1 : 0;
  }
  return count;
}

TEST(UpsampledConv, NeedsAResizeThatCanDoubleAndA3x3ConvAroundEachPixel) {
  const std::string by_two =
      "%r: u8[1, H * 2, W * 2, 4] quant(0.02, 128) = resize(%p) {size = [H * 2, W * 2], numerator = [2, 2]}\n";
  const auto conv = [](const std::string& shape, const std::string& attributes) {
    return "%d: u8[1, " + shape + ", 1] quant(0.5, 0) = conv2d(%r, %w3, %bias) {" + attributes + "}\n%y: f32[1, " +
           shape + ", 1] = dequantize(%d)\noutput %y\n";
  };
  EXPECT_EQ(upsampled_convs(by_two + conv("H * 2, W * 2", "pad = [1, 1, 1, 1]")), 1);
  EXPECT_EQ(upsampled_convs(by_two + conv("H * 2 - 2, W * 2 - 2", "pad = [0, 0, 0, 0]")), 0);
  EXPECT_EQ(upsampled_convs(by_two + conv("H * 2, W * 2", "pad = [2, 2, 2, 2], dilation = [2, 2]")), 0);
  EXPECT_EQ(upsampled_convs(by_two + conv("H, W", "pad = [1, 1, 1, 1], stride = [2, 2]")), 0);
  const std::string by_three =
      "%r: u8[1, H * 3, W * 3, 4] quant(0.02, 128) = resize(%p) {size = [H * 3, W * 3], numerator = [3, 3]}\n";
  EXPECT_EQ(upsampled_convs(by_three + conv("H * 3, W * 3", "pad = [1, 1, 1, 1]")), 0);
  const std::string columns =
      "%r: u8[1, H, W * 2, 4] quant(0.02, 128) = resize(%p) {size = [H, W * 2], numerator = [1, 2]}\n";
  EXPECT_EQ(upsampled_convs(columns + conv("H, W * 2", "pad = [1, 1, 1, 1]")), 0);
}

// ---- Results in the image's place.

InPlace in_place_with(const char* extra) {
  return in_place(plan_of(std::string(R"(graph 'in_place'
input %x: f32[1, H, W, 1]
%q: u8[1, H, W, 1] quant(0.01, 0) = quantize(%x)
const %w: i8[1, 3, 1, 1] quant(0.01, 0) = {1, 2, 3}
const %bias: f32[1] = {0}
%c: u8[1, H, W, 1] quant(0.01, 0) = conv2d(%q, %w, %bias) {pad = [1, 0, 1, 0]}
)") + extra));
}

TEST(InPlaceResult, NeedsRowsThatAreReadOnceAndWrittenThen) {
  // The conv reads rows around those that are written at the same time.
  EXPECT_EQ(in_place_with("%y: f32[1, H, W, 1] = dequantize(%c)\noutput %y\n"), InPlace::kNever);
  // The norm ends all reading.
  EXPECT_EQ(in_place_with(R"(const %one: f32[1] = {1}
%n: u8[1, H, W, 1] quant(0.01, 0) = instance_norm(%c, %one, %bias)
%y: f32[1, H, W, 1] = dequantize(%n)
output %y
)"),
            InPlace::kAlways);
  // Behind it, only the residual reads the image again.
  EXPECT_EQ(in_place_with(R"(const %one: f32[1] = {1}
%n: u8[1, H, W, 1] quant(0.01, 0) = instance_norm(%c, %one, %bias)
%sum: u8[1, H, W, 1] quant(0.01, 0) = add(%q, %n)
%y: f32[1, H, W, 1] = dequantize(%sum)
output %y
)"),
            InPlace::kSameRows);
}

// ---- Smallest images.

SizeLimits limits_with(const char* extra) {
  return plan_of(std::string(R"(graph 'limits'
input %x: f32[1, H, W, 1]
%q: u8[1, H, W, 1] quant(0.01, 0) = quantize(%x)
)") + extra)
      .limits;
}

TEST(Limits, ConvAndPoolWithoutPads) {
  const SizeLimits limits = limits_with(R"(
%p: u8[1, H / 4, W / 3, 1] quant(0.01, 0) = max_pool(%q) {kernel = [4, 3], stride = [4, 3]}
const %w: i8[1, 3, 2, 1] quant(0.01, 0) = {1, 2, 3, 4, 5, 6}
const %bias: f32[1] = {0}
%c: u8[1, H / 4 - 2, W / 3 - 1, 1] quant(0.01, 0) = conv2d(%p, %w, %bias)
%y: f32[1, H / 4 - 2, W / 3 - 1, 1] = dequantize(%c)
output %y
)");
  EXPECT_EQ(limits.min_height, 12);
  EXPECT_EQ(limits.min_width, 6);
  EXPECT_EQ(limits.max_height, kMaxImageSide);
}

TEST(Limits, NoTensorIsWiderThanARowsSumAllows) {
  // 16384 * 9 pixels would be above the limit.
  const SizeLimits limits = limits_with(R"(
%r: u8[1, H * 9, W * 9, 1] quant(0.01, 0) = resize(%q) {size = [H * 9, W * 9], numerator = [9, 9]}
%y: f32[1, H * 9, W * 9, 1] = dequantize(%r)
output %y
)");
  EXPECT_EQ(limits.max_width, kMaxTensorSide / 9);
}

TEST(Limits, OnePixelWhereNothingShrinks) {
  const SizeLimits limits = limits_with("%y: f32[1, H, W, 1] = dequantize(%q)\noutput %y\n");
  EXPECT_EQ(limits.min_height, 1);
  EXPECT_EQ(limits.min_width, 1);
}

TEST(Limits, SpecsWithEqualSignaturesAreEqual) {
  KernelSpec pool;
  pool.inputs = {4};
  pool.steps = {KernelStep{KernelStep::Kind::kMaxPool}};
  pool.steps[0].input = 0;
  pool.outputs = {0};
  KernelSpec padded = pool;
  padded.steps[0].clamp_to_edge = true;  // pads behind the image only
  EXPECT_NE(pool, padded);
  EXPECT_NE(signature(pool), signature(padded));
  KernelSpec conv;
  conv.inputs = {4};
  conv.convs = {KernelConv{}};
  conv.convs[0].inputs = {0};
  KernelSpec upsampled = conv;
  upsampled.convs[0].upsampled = true;
  EXPECT_NE(conv, upsampled);
  EXPECT_NE(signature(conv), signature(upsampled));
}

TEST(Limits, FixedSize) {
  const SizeLimits limits = plan_of(R"(graph 'fixed'
input %x: f32[1, 5, W, 1]
%q: u8[1, 5, W, 1] quant(0.01, 0) = quantize(%x)
%y: f32[1, 5, W, 1] = dequantize(%q)
output %y
)")
                                .limits;
  EXPECT_EQ(limits.min_height, 5);
  EXPECT_EQ(limits.max_height, 5);
  EXPECT_EQ(limits.min_width, 1);
}

}  // namespace
}  // namespace qatc::testing
