#include <gtest/gtest.h>

#include <sstream>

#include "emit/object.h"
#include "schedules/default_schedule.h"
#include "schedules/kernel_specs.h"
#include "support/files.h"

namespace qatc::testing {
namespace {

constexpr const char* kTargets[] = {
    "x86-64-linux", "x86-64-linux-avx2", "x86-64-linux-avx2-avxvnni",
    "x86-64-linux-sse41-avx-f16c-fma-avx2-avx512-avx512_skylake-avx512_cannonlake-avx512_sapphirerapids"};

std::string exact_assembly(KernelSpec spec, const Target& target) {
  spec.rounding = Rounding::kExact;
  const TemporaryDirectory folder;
  const std::string path = folder.path() + "/kernel.s";
  compile_kernel_assembly(spec, default_schedule(spec, target.isa), target, "kernel", path);
  const std::string text = read_file(path);
  return text.substr(0, text.find("kernel_argv:"));
}

/// A conv's result and a pixel, added or multiplied.
KernelSpec binary_spec(KernelStep::Kind kind) {
  KernelSpec spec = conv_spec({32}, 32, 1);
  spec.inputs.push_back(32);
  KernelStep load{KernelStep::Kind::kLoad};
  load.input = 1;
  KernelStep binary{kind};
  binary.a = 1;
  binary.b = 2;
  spec.steps.push_back(load);
  spec.steps.push_back(binary);
  spec.outputs = {3};
  return spec;
}

/// That speed depends on LLVM's taking what gives the double out of loops; the bytes do not show it.
TEST(RoundBetween, DoublesAreComputedAside) {
  const KernelSpec specs[] = {conv_spec({32}, 32, 3),
                              conv_spec({16}, 16, 1),
                              conv_spec({12}, 20, 1),
                              upsampled_spec(32, 32),
                              binary_spec(KernelStep::Kind::kAdd),
                              binary_spec(KernelStep::Kind::kMul)};
  for (const char* name : kTargets) {
    const Target target = parse_target(name);
    for (const KernelSpec& spec : specs) {
      SCOPED_TRACE(std::string(name) + ": " + signature(spec));
      const std::string text = exact_assembly(spec, target);
      EXPECT_EQ(text.find("\tcall"), std::string::npos) << "not inlined";
      EXPECT_EQ(text.find("cvtsd2si"), std::string::npos) << "lane by lane";
      const size_t bounds = text.find("cvtps2dq");
      const size_t branch = text.find("\tj", bounds);
      ASSERT_NE(branch, std::string::npos);
      EXPECT_LT(branch, text.find("cvtdq2pd")) << "a double before the branch";
    }
  }
}

TEST(RoundBetween, QuotientsAreComputedAsideOnArm) {
  for (const char* name : {"arm-64-linux", "arm-64-linux-arm_dot_prod", "arm-64-linux-arm_dot_prod-i8mm"}) {
    const Target target = parse_target(name);
    for (const KernelStep::Kind kind : {KernelStep::Kind::kAdd, KernelStep::Kind::kMul}) {
      const KernelSpec spec = binary_spec(kind);
      SCOPED_TRACE(std::string(name) + ": " + signature(spec));
      const std::string text = exact_assembly(spec, target);
      EXPECT_EQ(text.find("\tbl\t"), std::string::npos) << "not inlined";
      const size_t test = text.find("\tumaxv\ts");
      const size_t branch = text.find("\tcbnz\t", test);
      ASSERT_NE(branch, std::string::npos);
      const size_t quotient = text.find("\tfdiv\tv");  // scalars are of the scales, before all loops
      ASSERT_NE(quotient, std::string::npos);
      EXPECT_LT(branch, quotient) << "a double before the branch";
    }
  }
}

/// Or vectors that are spilled lie across cache lines.
TEST(Stack, IsAlignedForVectors) {
  const std::string text = exact_assembly(conv_spec({64}, 64, 1), parse_target(kTargets[3]));
  EXPECT_NE(text.find("\tandq\t$-64, %rsp"), std::string::npos);
  int spills = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.find("64-byte Spill") == std::string::npos) continue;
    ++spills;
    EXPECT_TRUE(line.find("vmovups") == std::string::npos && line.find("vmovdqu") == std::string::npos) << line;
  }
  EXPECT_GT(spills, 0) << "another kernel is needed";
}

}  // namespace
}  // namespace qatc::testing
