// Kernels read and write nothing outside of their tensors: every tensor and window lies next to an inaccessible page.

#include <gtest/gtest.h>

#include <csignal>
#include <map>

#include "ops/evaluate.h"
#include "schedules/templates/autoscheduler.h"
#include "support/generated_library.h"
#include "support/network_builder.h"
#include "support/process.h"

namespace qatc::testing {
namespace {

using ConvOptions = NetworkBuilder::ConvOptions;
using Filter = NetworkBuilder::Filter;
using Size = std::array<int64_t, 2>;

// One pixel, a row, a column, odd sizes, sizes that fill whole tiles.
const std::vector<Size> kSizes{{1, 1}, {1, 7},   {7, 1},  {5, 3},  {13, 11}, {37, 23}, {1, 16},
                               {8, 8}, {16, 33}, {6, 14}, {1, 13}, {3, 7},   {1, 3},   {2, 46}};

ConvOptions conv_options(int64_t size, int64_t stride = 1, Filter filter = Filter::kPerChannel) {
  ConvOptions options;
  options.kernel = {size, size};
  options.stride = {stride, stride};
  options.pad = {size / 2, size / 2, size / 2, size / 2};
  options.filter = filter;
  return options;
}

struct Channels {
  int64_t image, inner, outputs;
  Scheduler scheduler = Scheduler::kTemplates;
  std::vector<std::string> targets = kEveryTarget;
};

/// To an autoscheduler, instruction sets are lengths of vectors.
const std::vector<std::string> kLongAndShortVectors{"host", "arm-64-linux-arm_dot_prod"};

std::ostream& operator<<(std::ostream& out, const Channels& counts) {
  return out << counts.image << " to " << counts.inner << " to " << counts.outputs << ", "
             << scheduler_name(counts.scheduler);
}

/// What networks are made of: convs 3x3, 1x1, with stride 2, of several inputs, with float filters; gates,
/// residuals, norms, pools, resizes.
Graph network_of_all_kernels(const Channels& counts) {
  NetworkBuilder network(1, counts.image);
  const int64_t channels = counts.inner;
  const int64_t outputs = counts.outputs;
  const ValueId image = network.image();
  const ValueId first = network.keep(network.conv({image}, channels, conv_options(3)));
  const ValueId gate = network.lookup(network.conv({image}, channels, conv_options(3, 2)));
  network.keep(network.mul(gate, network.lookup(network.conv({image}, channels, conv_options(3, 2)))));
  network.keep(network.conv({image}, channels, conv_options(5)));
  const ValueId plain = network.keep(network.lookup(network.conv({first}, channels, conv_options(3))));
  const ValueId point = network.keep(network.conv({plain}, outputs, conv_options(1)));
  network.keep(network.conv({plain, first, point}, channels, conv_options(1)));
  network.keep(network.conv({first, plain}, outputs, conv_options(3)));
  network.keep(network.conv({plain}, outputs, conv_options(3, 2)));
  network.keep(network.conv({plain}, outputs, conv_options(1, 2)));
  ConvOptions dilated = conv_options(3);
  dilated.dilation = {2, 2};
  dilated.pad = {2, 2, 2, 2};
  network.keep(network.add(network.conv({plain}, channels, dilated), plain));
  network.keep(network.conv({plain}, 3, conv_options(3, 1, Filter::kFixedPoint)));
  network.keep(network.conv({point}, 3, conv_options(1, 1, Filter::kFixedPoint)));
  network.keep(network.lookup(network.instance_norm(point)));
  const ValueId pooled = network.keep(network.max_pool(plain, {2, 2}, {2, 2}, {0, 1, 1, 0}));
  network.keep(network.max_pool(plain, {3, 3}, {2, 2}, {1, 1, 1, 1}));
  network.keep(network.resize_by(pooled, 3, 2));
  network.keep(network.conv({network.resize_by(pooled, 2, 1)}, outputs, conv_options(3)));
  return network.finish();
}

/// examples/run_case.c with guarded memory.
std::string link(GeneratedLibrary& library, const std::string& target) {
  return library.link(target, std::string(QATC_RUNTIME_DIR) + "/examples/run_case.c",
                      {"-Wl,--wrap=qatc_place_tensor,--wrap=qatc_open_window"},
                      {std::string(QATC_KERNELS_TEST_DIR) + "/guarded_memory.c"});
}

class Guard : public ::testing::TestWithParam<Channels> {};

TEST_P(Guard, NothingOutsideOfTensors) {
  const Plan plan = make_plan(network_of_all_kernels(GetParam()), Rounding::kFloat);
  GeneratedLibrary library(plan, runnable(GetParam().targets), "net", [](const KernelSpec& spec, const Target& target) {
    return known_or_autoscheduled(spec, target, GetParam().scheduler).schedule;
  });
  std::map<std::string, std::string> programs;
  for (const std::string& target : library.targets()) programs[target] = link(library, target);
  for (const auto& [height, width] : kSizes) {
    const Tensor image = random_image(1, height, width, GetParam().image);
    const RunResult expected = float_image(evaluate(plan.graph, {image}, Rounding::kFloat).front());
    for (const auto& [target, program] : programs) {
      SCOPED_TRACE(target + ", image " + std::to_string(height) + " x " + std::to_string(width));
      for (const char* guard : {"QATC_GUARD=above", "QATC_GUARD=below"}) {
        const RunResult actual = library.run_program(target, program, float_image(image), {"--threads", "2"}, {guard});
        EXPECT_EQ(first_difference(expected, actual), "") << guard;
      }
    }
  }
}
INSTANTIATE_TEST_SUITE_P(Kernels, Guard,
                         ::testing::Values(Channels{3, 12, 20}, Channels{8, 32, 64},
                                           Channels{3, 20, 12, Scheduler::kMullapudi2016, kLongAndShortVectors},
                                           Channels{5, 12, 32, Scheduler::kAdams2019, kLongAndShortVectors}));

/// That the pages are there: one byte of each is read on purpose.
TEST(GuardPage, Kills) {
  NetworkBuilder network(1, 3);
  network.keep(network.conv({network.image()}, 4, conv_options(3)));
  GeneratedLibrary library(make_plan(network.finish(), Rounding::kFloat), runnable({"host", "arm-64-linux"}));
  const RunResult image = float_image(random_image(1, 8, 8, 3));
  for (const std::string& target : library.targets()) {
    const std::string program = link(library, target);
    for (const char* guard : {"QATC_GUARD=above", "QATC_GUARD=below"}) {
      EXPECT_EQ(run_process(library.run_command(target, program, image, {}, {guard})).status, 0);
      EXPECT_EQ(run_process(library.run_command(target, program, image, {}, {guard, "QATC_GUARD_PROBE=1"})).status,
                128 + SIGSEGV);
    }
  }
}

}  // namespace
}  // namespace qatc::testing
