#include "tune/assembly_cost.h"

#include <gtest/gtest.h>

#include "schedules/kernel_specs.h"

namespace qatc::testing {
namespace {

const Core kCore{"test", 2, 2, 1, 4, 1, 0, 16, 32 * 1024};

/// A 3x3 conv of 16 channels into 8: two vectors of four channels by one pixel, taken 9 * 16 / 4 = 36 times.
KernelSpec small_conv() { return conv_spec({16}, 8, 3); }
KernelSchedule small_tile() {
  KernelSchedule schedule;
  schedule.channels = 8;
  schedule.pixels = 1;
  return schedule;
}

const char* const kArm = R"(
	.text
kernel:                                 // @kernel
	cbz	w0, .LBB0_5
.LBB0_1:                                // %"for x"
	movi	v0.2d, #0000000000000000
.LBB0_2:                                // %"for ky"
	mov	x9, x8
.LBB0_3:                                // %"for rco"
                                        // =>    This Inner Loop Header: Depth=3
	ldr	q2, [x9], #16
	ldp	q3, q4, [x10], #32
	str	q5, [sp, #32]
	sdot	v0.4s, v3.16b, v2.4b[0]
	sdot	v1.4s, v4.16b, v2.4b[0]
	subs	x11, x11, #1
	b.ne	.LBB0_3
	b.ne	.LBB0_2
	sqxtn	v0.4h, v0.4s
	str	d0, [x12], #8
	b.ne	.LBB0_1
.LBB0_5:
	ret
)";

TEST(AssemblyCost, CountsTheHottestLoopOnArm) {
  const auto cost = assembly_cost(kArm, small_conv(), small_tile(), kCore);
  ASSERT_TRUE(cost);
  EXPECT_EQ(cost->products, 2);
  EXPECT_EQ(cost->instructions, 7);
  EXPECT_EQ(cost->spills, 1);
  // 8 channels * 9 taps * 16 inputs are 72 instructions of 16 products, two each time; tiles are single pixels.
  EXPECT_DOUBLE_EQ(cost->loop_times, 36);
  // Loads are most: 3 vectors at one a cycle; the rest in the 4-norm: 1 of products, 1 store, 7 / 4 instructions, 1 chain.
  EXPECT_NEAR(cost->loop_cycles, overlapped({1, 3, 1, 1.75, 1}), 1e-12);
  EXPECT_GT(cost->cycles, 36 * cost->loop_cycles);
  EXPECT_LT(cost->cycles, 36 * cost->loop_cycles + 4);
}

TEST(AssemblyCost, CutsTheHottestLoopOutForMca) {
  EXPECT_EQ(hottest_loop(kArm),
            "ldr\tq2, [x9], #16\nldp\tq3, q4, [x10], #32\nstr\tq5, [sp, #32]\nsdot\tv0.4s, v3.16b, v2.4b[0]\n"
            "sdot\tv1.4s, v4.16b, v2.4b[0]\nsubs\tx11, x11, #1\n");
  EXPECT_EQ(hottest_loop("kernel:\n\tret\n"), "");
}

const char* const kX86 = R"(
kernel:                                 # @kernel
.LBB0_1:                                # %"for x"
	vpxord	%zmm0, %zmm0, %zmm0
	.p2align	4, 0x90
.LBB0_3:                                # %"for rco"
	vmovdqa64	(%rax), %zmm2
	vpbroadcastd	(%rcx,%rdx,4), %zmm3
	vpdpbusd	%zmm2, %zmm3, %zmm0
	vpdpbusd	(%rsi){1to16}, %zmm2, %zmm1
	vmovups	%zmm4, 64(%rsp)                 # 64-byte Spill
	leaq	64(%rax), %rax
	jne	.LBB0_3
	vmovdqu	%xmm0, (%rdi)
	jne	.LBB0_1
	retq
)";

TEST(AssemblyCost, CountsTheHottestLoopOnX86) {
  KernelSchedule tile;
  tile.channels = 16;
  tile.pixels = 2;
  const auto cost = assembly_cost(kX86, conv_spec({16}, 16, 3), tile, kCore);
  ASSERT_TRUE(cost);
  EXPECT_EQ(cost->products, 2);
  EXPECT_EQ(cost->instructions, 7);
  EXPECT_EQ(cost->spills, 1);
  // 36 products of each of two pixels, both each time round.
  EXPECT_NEAR(cost->loop_times, 36 * repeated_pixels(2) / 2, 1e-9);
  EXPECT_NEAR(cost->loop_cycles, overlapped({1, 3, 1, 1.75, 1}), 1e-12);
}

TEST(AssemblyCost, SpillsCost) {
  const std::string code = kX86;
  std::string without = code;
  const size_t spill = without.find("\tvmovups");
  without.erase(spill, without.find('\n', spill) + 1 - spill);
  KernelSchedule tile;
  tile.channels = 16;
  tile.pixels = 2;
  const KernelSpec spec = conv_spec({16}, 16, 3);
  EXPECT_LT(assembly_cost(without, spec, tile, kCore)->cycles, assembly_cost(code, spec, tile, kCore)->cycles);
}

TEST(AssemblyCost, KnowsNothingOfOtherCode) {
  EXPECT_FALSE(assembly_cost("kernel:\n\tret\n", small_conv(), small_tile(), kCore));
  EXPECT_FALSE(assembly_cost("", small_conv(), small_tile(), kCore));
  EXPECT_FALSE(assembly_cost(kArm, sums_spec(8), small_tile(), kCore));
}

}  // namespace
}  // namespace qatc::testing
