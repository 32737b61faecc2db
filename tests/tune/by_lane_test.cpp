#include <gtest/gtest.h>

#include "emit/object.h"
#include "schedules/assembly_cost.h"
#include "schedules/default_schedule.h"
#include "schedules/kernel_specs.h"
#include "support/files.h"

namespace qatc::testing {
namespace {

int count(const std::string& text, const std::string& word) {
  int found = 0;
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++found;
  return found;
}

struct Reading {
  int64_t channels, kernel, stride;
};

/// The loops of ARM64's dot products are little else, whatever the length of a row's taps: 12, 20, 28 bytes of an image
/// with three channels, multiples of 24 and of 16.
TEST(ByLane, LoopsAreDotProducts) {
  const Target target = parse_target("arm-64-linux-arm_dot_prod");
  const std::vector<Reading> readings{{4, 3, 1}, {4, 3, 2},  {4, 5, 2},  {4, 7, 2},  {8, 3, 1},  {8, 3, 2},
                                      {8, 5, 1}, {12, 3, 1}, {12, 3, 2}, {20, 3, 1}, {24, 3, 1}, {32, 3, 1}};
  const TemporaryDirectory folder;
  const std::string path = folder.path() + "/kernel.s";
  for (const Reading& reading : readings) {
    for (int64_t outputs : {12, 16, 24, 32}) {
      KernelSpec spec = conv_spec({reading.channels}, outputs, reading.kernel);
      spec.convs[0].stride = {reading.stride, reading.stride};
      const KernelSchedule schedule = default_schedule(spec, target.isa);
      SCOPED_TRACE(signature(spec) + ": " + to_string(schedule));
      compile_kernel_assembly(spec, schedule, target, "kernel", path);
      const std::string assembly = read_file(path);
      const auto cost = assembly_cost(assembly, spec, schedule, target.isa, cores(target.isa).front());
      ASSERT_TRUE(cost);
      EXPECT_EQ(count(hottest_loop(assembly), ".4b["), cost->products);
      EXPECT_LE(static_cast<double>(cost->instructions), 1.30 * static_cast<double>(cost->products));
      EXPECT_EQ(cost->spills, 0);
    }
  }
}

}  // namespace
}  // namespace qatc::testing
