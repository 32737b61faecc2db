#include "schedules/assembly_cost.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

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
  const auto cost = assembly_cost(kArm, small_conv(), small_tile(), Isa::kArmDotprod, kCore);
  ASSERT_TRUE(cost);
  EXPECT_EQ(cost->products, 2);
  EXPECT_EQ(cost->instructions, 7);
  EXPECT_EQ(cost->spills, 1);
  // 8 channels * 9 taps * 16 inputs are 72 instructions of 16 products, two each time; tiles are single pixels.
  EXPECT_DOUBLE_EQ(cost->loop_times, 36);
  // Loads are most: 3 vectors at one a cycle; the rest in the 4-norm: 1 of products, 1 store, 7 / 4 instructions, 1
  // chain.
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
  const auto cost = assembly_cost(kX86, conv_spec({16}, 16, 3), tile, Isa::kX86Vnni, kCore);
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
  EXPECT_LT(assembly_cost(without, spec, tile, Isa::kX86Vnni, kCore)->cycles,
            assembly_cost(code, spec, tile, Isa::kX86Vnni, kCore)->cycles);
}

/// `code` with every `from` replaced.
std::string replaced(std::string code, const std::string& from, const std::string& to) {
  for (size_t at = 0; (at = code.find(from, at)) != std::string::npos; at += to.size()) {
    code.replace(at, from.size(), to);
  }
  return code;
}

TEST(AssemblyCost, ReadsTheEncodingOfAvxVnni) {
  KernelSchedule tile;
  tile.channels = 8;
  tile.pixels = 2;
  std::string code = replaced(kX86, "zmm", "ymm");
  const KernelSpec spec = conv_spec({16}, 8, 3);
  const auto plain = assembly_cost(code, spec, tile, Isa::kX86AvxVnni, kCore);
  code = replaced(code, "\tvpdpbusd\t", "\t{vex}\tvpdpbusd\t");
  const auto prefixed = assembly_cost(code, spec, tile, Isa::kX86AvxVnni, kCore);
  ASSERT_TRUE(plain && prefixed);
  EXPECT_EQ(prefixed->products, 2);
  EXPECT_EQ(prefixed->cycles, plain->cycles);
}

TEST(AssemblyCost, LeavesOutWhatIsRarelyDone) {
  KernelSchedule tile;
  tile.channels = 16;
  tile.pixels = 2;
  const KernelSpec spec = conv_spec({16}, 16, 3);
  const auto without = assembly_cost(kX86, spec, tile, Isa::kX86Vnni, kCore);
  // A branch around nothing, which the code below returns to: it is no loop, whatever it has.
  std::string code = replaced(kX86, "\tvmovdqu\t%xmm0", "\tjne\t.LBB0_5\n.LBB0_4:\n\tvmovdqu\t%xmm0");
  code += R"(
.LBB0_5:
	vpdpbusd	%zmm2, %zmm3, %zmm0
	vpdpbusd	%zmm2, %zmm3, %zmm0
	vpdpbusd	%zmm2, %zmm3, %zmm0
	vmovdqu	%xmm0, (%rdi)
	jmp	.LBB0_4
)";
  const auto cost = assembly_cost(code, spec, tile, Isa::kX86Vnni, kCore);
  ASSERT_TRUE(without && cost);
  EXPECT_EQ(cost->products, 2);
  EXPECT_GT(cost->cycles, without->cycles);
  EXPECT_LT(cost->cycles, without->cycles + 1);  // the branch

  EXPECT_EQ(hottest_loop(code), hottest_loop(kX86));

  // The same entered at its middle by a jump is a loop, and the hottest one.
  code = replaced(code, "jne\t.LBB0_5", "jmp\t.LBB0_5");
  EXPECT_NE(hottest_loop(code), hottest_loop(kX86));
}

TEST(AssemblyCost, AddressesAreNoProducts) {
  const std::string code = replaced(kArm, "\tldr\tq2", "\tsmull\tx8, w11, w3\n\tldr\tq2");
  const auto cost = assembly_cost(code, small_conv(), small_tile(), Isa::kArmDotprod, kCore);
  ASSERT_TRUE(cost);
  EXPECT_EQ(cost->products, 2);
  EXPECT_EQ(cost->instructions, 8);
  EXPECT_DOUBLE_EQ(cost->loop_times, 36);
}

TEST(AssemblyCost, RefusesLoopsOfProductsOfSeveralSizes) {
  KernelSchedule tile;
  tile.channels = 16;
  tile.pixels = 2;
  const std::string code = replaced(kX86, "vpdpbusd\t(%rsi){1to16}, %zmm2, %zmm1", "vpdpbusd\t%ymm2, %ymm3, %ymm1");
  EXPECT_FALSE(assembly_cost(code, conv_spec({16}, 16, 3), tile, Isa::kX86Vnni, kCore));
}

/// The code for images narrower than a tile comes behind that for whole tiles and may have more products in a loop.
const char* const kNarrow = R"(
.LBB0_6:
	vpdpbusd	%zmm2, %zmm3, %zmm0
	vpdpbusd	%zmm2, %zmm3, %zmm0
	vpdpbusd	%zmm2, %zmm3, %zmm0
	vmovd	%xmm0, (%rdi)
	jne	.LBB0_6
	retq
)";

TEST(AssemblyCost, IsOfWholeTiles) {
  KernelSchedule tile;
  tile.channels = 16;
  tile.pixels = 2;
  const KernelSpec spec = conv_spec({16}, 16, 3);
  const auto alone = assembly_cost(kX86, spec, tile, Isa::kX86Vnni, kCore);
  const auto both = assembly_cost(std::string(kX86) + kNarrow, spec, tile, Isa::kX86Vnni, kCore);
  ASSERT_TRUE(alone && both);
  EXPECT_EQ(both->products, 2);
  EXPECT_EQ(both->cycles, alone->cycles);
}

// 4 channels of a 1x1 conv into 16 are one product a pixel, all in the loop over tiles.
TEST(AssemblyCost, ReadsProductsUnrolledIntoTheTile) {
  const char* const code = R"(
.LBB0_1:
	vpbroadcastd	(%rcx), %zmm3
	vpdpbusd	%zmm2, %zmm3, %zmm0
	vpdpbusd	%zmm2, %zmm3, %zmm1
	vmovdqu	%ymm0, (%rdi)
	jne	.LBB0_1
)";
  KernelSchedule tile;
  tile.channels = 16;
  tile.pixels = 2;
  const auto cost = assembly_cost(code, conv_spec({4}, 16, 1), tile, Isa::kX86Vnni, kCore);
  ASSERT_TRUE(cost);
  EXPECT_DOUBLE_EQ(cost->loop_times, repeated_pixels(2) / 2);
  EXPECT_DOUBLE_EQ(cost->cycles, cost->loop_times * cost->loop_cycles);
  // Twice the channels are not all there.
  EXPECT_FALSE(assembly_cost(code, conv_spec({8}, 16, 1), tile, Isa::kX86Vnni, kCore));
}

// An upsampled conv of 16 channels with tiles of one pixel: its three columns of taps have 2, 1 and 2 sums, each of
// three rows of four products, for two pixels of the result.
TEST(AssemblyCost, CountsTheSumsOfUpsampledConvs) {
  KernelSchedule tile;
  tile.channels = 16;
  tile.pixels = 1;
  const auto cost = assembly_cost(kX86, upsampled_spec(16, 16), tile, Isa::kX86Vnni, kCore);
  ASSERT_TRUE(cost);
  EXPECT_NEAR(cost->loop_times, 5 * 3 * 4 / 2.0 / 2 * repeated_pixels(2), 1e-9);
}

// Without a reduction, the cost is that of the bytes that a loop stores, of whatever size.
TEST(AssemblyCost, CountsTheBytesThatAreStored) {
  const auto cycles = [](const std::string& store, Isa isa) {
    KernelSchedule tile;
    tile.channels = tile.pixels = 1;
    const std::string code = ".LBB0_1:\n\t" + store + "\n\tjne\t.LBB0_1\n";
    const auto cost = assembly_cost(isa == Isa::kArmDotprod ? replaced(code, "jne", "b.ne") : code, lookup_spec(64),
                                    tile, isa, kCore);
    return cost ? cost->cycles : 0;
  };
  const double of_byte = cycles("movb\t%al, (%rdi)", Isa::kX86Vnni);
  ASSERT_GT(of_byte, 0);
  EXPECT_DOUBLE_EQ(of_byte, 64 * overlapped({1, 0.5}));
  const std::vector<std::pair<const char*, double>> x86{{"movl\t%eax, (%rdi)", 4},
                                                        {"vpextrw\t$1, %xmm0, (%rdi)", 2},
                                                        {"vmovd\t%xmm0, (%rdi)", 4},
                                                        {"vmovq\t%xmm0, (%rdi)", 8},
                                                        {"vmovlps\t%xmm0, (%rdi)", 8},
                                                        {"vmovdqu\t%xmm0, (%rdi)", 16},
                                                        {"vmovups\t%ymm0, 32(%rdi,%rax)", 32},
                                                        {"vmovdqu64\t%zmm0, (%rdi)", 64}};
  for (const auto& [store, bytes] : x86) {
    // What works on vectors takes a port of theirs as well, which is no more than the store takes.
    EXPECT_NEAR(cycles(store, Isa::kX86Vnni), of_byte / bytes, 0.05 * of_byte / bytes) << store;
  }
  const std::vector<std::pair<const char*, double>> arm{{"strb\tw0, [x0]", 1},         {"str\ts0, [x0]", 4},
                                                        {"str\td0, [x0, #8]", 8},      {"stp\tq0, q1, [x0]", 32},
                                                        {"st1\t{ v0.16b }, [x0]", 16}, {"st1\t{ v0.s }[1], [x0]", 4}};
  for (const auto& [store, bytes] : arm) {
    const double stores = store[2] == 'p' ? 2 : 1;
    EXPECT_NEAR(cycles(store, Isa::kArmDotprod), stores * of_byte / bytes, 0.2 * stores * of_byte / bytes) << store;
  }
}

TEST(AssemblyCost, KnowsNothingOfOtherCode) {
  EXPECT_FALSE(assembly_cost("kernel:\n\tret\n", small_conv(), small_tile(), Isa::kArmDotprod, kCore));
  EXPECT_FALSE(assembly_cost("", small_conv(), small_tile(), Isa::kArmDotprod, kCore));
  EXPECT_FALSE(assembly_cost(kArm, sums_spec(8), small_tile(), Isa::kArmDotprod, kCore));
}

}  // namespace
}  // namespace qatc::testing
