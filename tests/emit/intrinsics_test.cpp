#include <gtest/gtest.h>

#include "emit/object.h"
#include "schedules/default_schedule.h"
#include "schedules/kernel_specs.h"
#include "support/files.h"

namespace qatc {
namespace {

int count(const std::string& text, const std::string& word) {
  int found = 0;
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++found;
  return found;
}

std::string assembly_of_lookup(const std::string& target, int64_t channels) {
  KernelSpec spec;
  spec.inputs = {channels};
  spec.out_channels = spec.out_pixel_stride = channels;
  KernelStep load{KernelStep::Kind::kLoad}, lookup{KernelStep::Kind::kLookup};
  load.input = 0;
  lookup.a = 0;
  spec.steps = {load, lookup};
  spec.outputs = {1};
  const TemporaryDirectory folder;
  const std::string path = folder.path() + "/kernel.s";
  const Target parsed = parse_target(target);
  compile_kernel_assembly(spec, default_schedule(spec, parsed.isa), parsed, "kernel", path);
  return read_file(path);
}

TEST(Lookup, VectorsAreNotBrokenIntoLanes) {
  const struct {
    std::string target, instruction;
  } cases[] = {
      {"x86-64-linux-sse41-avx-f16c-fma-avx2-avx512-avx512_skylake-avx512_cannonlake-avx512_sapphirerapids", "2b\t"},
      {"x86-64-linux-sse41-avx-f16c-fma-avx2", "vpshufb\t"},
      {"x86-64-linux-avx2-avxvnni", "vpshufb\t"},
      {"arm-64-linux", "tbx\t"},
      {"arm-64-osx-arm_dot_prod", "tbx"},
  };
  for (const auto& [target, instruction] : cases) {
    for (const int64_t channels : {4, 12, 16, 24, 64}) {
      const std::string text = assembly_of_lookup(target, channels);
      EXPECT_GE(count(text, instruction), 2) << target << ", " << channels << " channels";
      EXPECT_EQ(count(text, "qatc_lookup"), 0) << target;
      EXPECT_EQ(count(text, "movzbl"), 0) << target;
      EXPECT_EQ(count(text, "ldrb"), 0) << target;
    }
  }
}

/// Lookups of what was looked up, added and looked up again: each one's lanes are whole once those of the next one are.
TEST(Lookup, ChainsAreNotBrokenIntoLanes) {
  for (const char* target : {"x86-64-linux-avx512_sapphirerapids", "x86-64-linux-avx2", "arm-64-linux-arm_dot_prod"}) {
    KernelSpec spec = testing::conv_spec({32}, 64, 3);
    const auto add_step = [&](KernelStep::Kind kind, int a, int b) {
      KernelStep step{kind};
      step.a = a;
      step.b = b;
      spec.steps.push_back(step);
    };
    add_step(KernelStep::Kind::kLookup, 0, -1);
    add_step(KernelStep::Kind::kLookup, 1, -1);
    add_step(KernelStep::Kind::kMul, 1, 2);
    add_step(KernelStep::Kind::kLookup, 3, -1);
    add_step(KernelStep::Kind::kLookup, 4, -1);
    spec.outputs = {2, 5};
    const TemporaryDirectory folder;
    const std::string path = folder.path() + "/kernel.s";
    const Target parsed = parse_target(target);
    compile_kernel_assembly(spec, default_schedule(spec, parsed.isa), parsed, "kernel", path);
    const std::string text = read_file(path);
    const std::string code = text.substr(0, text.find("kernel_argv:"));
    for (const char* scalar : {"cvtss2si", "movzbl", "pinsrb", "ldrb"})
      EXPECT_EQ(count(code, scalar), 0) << target << ": " << scalar;
  }
}

TEST(Lookup, BytesOfImagesInVectors) {
  const struct {
    std::string target, instruction;
  } cases[] = {
      {"x86-64-linux-sse41-avx-f16c-fma-avx2-avx512-avx512_skylake-avx512_cannonlake-avx512_sapphirerapids", "2b\t"},
      {"arm-64-linux", "tbx\t"},
  };
  using Layout = ImageKernel::Layout;
  const TemporaryDirectory folder;
  const std::string path = folder.path() + "/kernel.s";
  for (const auto& [target, instruction] : cases) {
    for (const bool stores : {false, true}) {
      for (const Layout layout : {Layout::kInterleaved, Layout::kPadded, Layout::kPlanar}) {
        compile_image_kernel_assembly({stores, false, layout, 3, Rounding::kFloat}, parse_target(target), "kernel",
                                      path);
        // Two or three such instructions for each of three channels.
        EXPECT_GE(count(read_file(path), instruction), 6) << target << ", stores " << stores;
      }
    }
  }
}

TEST(Lookup, WithoutByteShufflesItIsInlinedLaneByLane) {
  const std::string text = assembly_of_lookup("x86-64-linux", 4);
  EXPECT_GT(count(text, "movzbl"), 0);
  EXPECT_EQ(count(text, "qatc_lookup"), 0);
}

}  // namespace
}  // namespace qatc
