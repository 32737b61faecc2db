#include "lower/target.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/error.h"

namespace qatc::testing {
namespace {

/// What the UsageError says that reading a target's name throws; empty: none.
template <class Parse>
std::string refusal(const Parse& parse, const std::string& name) {
  try {
    parse(name);
    return "";
  } catch (const UsageError& error) {
    return error.what();
  }
}

TEST(Targets, OutsideOfTheListAreRefused) {
  for (const std::string name :
       {"x86-64-ios", "x86-64-osx", "arm-32-linux", "wasm-32-wasmrt", "arm-64-windows", "pdp11"}) {
    EXPECT_THROW(parse_target(name), UserError) << name;
  }
}

TEST(Targets, FeaturesThatHalideLacks) {
  const struct {
    const char* name;
    Isa isa;
  } known[] = {
      {"x86-64-linux-avx2-avxvnni", Isa::kX86AvxVnni},
      {"x86-64-linux-avxvnni-avx2", Isa::kX86AvxVnni},
      {"arm-64-android-arm_dot_prod-i8mm", Isa::kArmI8mm},
      {"arm-64-osx-i8mm-arm_dot_prod", Isa::kArmI8mm},
      {"x86-64-linux-sse41-avx-f16c-fma-avx2", Isa::kX86Avx2},
      {"x86-64-linux-avx512_sapphirerapids", Isa::kX86Vnni},
      {"x86-64-linux-avx512-avx512_sapphirerapids", Isa::kX86Vnni},
  };
  for (const auto& [name, isa] : known) {
    EXPECT_EQ(parse_target(name).isa, isa) << name;
    EXPECT_EQ(parse_target(name).name, name);
  }
  const struct {
    const char *name, *message;
  } refused[] = {
      {"arm-64-linux-i8mm", "target 'arm-64-linux-i8mm': i8mm needs arm_dot_prod"},
      {"x86-64-linux-avxvnni", "target 'x86-64-linux-avxvnni': avxvnni needs avx2"},
      {"arm-64-linux-avxvnni", "target 'arm-64-linux-avxvnni': avxvnni needs avx2"},
      {"x86-64-linux-avx2-i8mm", "target 'x86-64-linux-avx2-i8mm': i8mm needs arm_dot_prod"},
      {"x86-64-linux-avx512_skylake",
       "target 'x86-64-linux-avx512_skylake': there is no code for avx512_skylake; there is for avx512_sapphirerapids, "
       "avx2-avxvnni, avx2; for AVX-512 without VNNI and VBMI use avx2"},
      {"x86-64-linux-avx2-avx512_cannonlake",
       "target 'x86-64-linux-avx2-avx512_cannonlake': there is no code for avx512_cannonlake; there is for "
       "avx512_sapphirerapids, avx2-avxvnni, avx2; for AVX-512 without VNNI and VBMI use avx2"},
      {"x86-64-linux-avx",
       "target 'x86-64-linux-avx': there is no code for avx; there is for avx512_sapphirerapids, avx2-avxvnni, avx2"},
      {"arm-64-linux-arm_dot_prod-sve2",
       "target 'arm-64-linux-arm_dot_prod-sve2': there is no code for sve2; there is for arm_dot_prod-i8mm, "
       "arm_dot_prod"},
      {"arm-64-ios-avx2",
       "target 'arm-64-ios-avx2': there is no code for avx2; there is for arm_dot_prod-i8mm, arm_dot_prod"},
  };
  for (const auto& [name, message] : refused) EXPECT_EQ(refusal(parse_target, name), message) << name;
  for (const char* name : {"x86-64-linux-avx2-avxvnni2", "x86-64-linux-avx2-xavxvnni", "avxvnni", "-i8mm"}) {
    EXPECT_THROW(parse_target(name), UsageError) << name;
  }
}

std::string isas_of(const TargetSet& set) {
  std::string text;
  for (const Target& target : set.targets) text += (text.empty() ? "" : " ") + std::string(isa_name(target.isa));
  return text;
}

TEST(Targets, ListsOfInstructionSets) {
  const struct {
    const char *name, *folder, *isas;
  } cases[] = {
      {"x86-64-linux:base,avxvnni,avx512vnni,avx2", "x86-64-linux", "avx512vnni avxvnni avx2 base"},
      {"x86-64-linux:avx2", "x86-64-linux", "avx2"},
      {"arm-64-android:dotprod,i8mm,base", "arm-64-android", "i8mm dotprod base"},
      {"arm-64-ios:base,dotprod,base", "arm-64-ios", "dotprod base"},
  };
  for (const auto& [name, folder, isas] : cases) {
    const TargetSet set = parse_target_set(name);
    EXPECT_EQ(set.name, name);
    EXPECT_EQ(set.folder, folder);
    EXPECT_EQ(isas_of(set), isas);
    EXPECT_TRUE(set.is_list);
    for (const Target& target : set.targets) EXPECT_EQ(platform_name(target), folder);
  }
  const TargetSet single = parse_target_set("arm-64-osx-arm_dot_prod");
  EXPECT_EQ(single.folder, "arm-64-osx-arm_dot_prod");
  EXPECT_EQ(isas_of(single), "dotprod");
  EXPECT_FALSE(single.is_list);
}

TEST(Targets, ListsThatAreRefused) {
  const struct {
    const char *name, *message;
  } cases[] = {
      {"arm-64-linux:dotprod,sve",
       "target 'arm-64-linux:dotprod,sve': there is no instruction set 'sve' here; there are i8mm, dotprod, base"},
      {"arm-64-linux:", "target 'arm-64-linux:': there is no instruction set '' here; there are i8mm, dotprod, base"},
      {"x86-64-linux:dotprod",
       "target 'x86-64-linux:dotprod': there is no instruction set 'dotprod' here; there are avx512vnni, avxvnni, "
       "avx2, base"},
      {"x86-64-linux-avx2:avx2",
       "target 'x86-64-linux-avx2:avx2': before a list of instruction sets stands a platform alone, e.g. "
       "x86-64-linux:avx2,base"},
      {"arm-64-ios-arm_dot_prod:base",
       "target 'arm-64-ios-arm_dot_prod:base': before a list of instruction sets stands a platform alone, e.g. "
       "arm-64-linux:dotprod,base"},
  };
  for (const auto& [name, message] : cases) EXPECT_EQ(refusal(parse_target_set, name), message) << name;
  for (const char* name : {"host:base", ":base", "toaster:base", "arm-64-linux:base:dotprod"}) {
    EXPECT_THROW(parse_target_set(name), UsageError) << name;
  }
}

TEST(Targets, CommasBetweenTargetsAndInLists) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(split_target_sets("host"), Names{"host"});
  EXPECT_EQ(split_target_sets("host,arm-64-ios,host"), (Names{"host", "arm-64-ios"}));
  EXPECT_EQ(split_target_sets("arm-64-android:dotprod,base,host"), (Names{"arm-64-android:dotprod,base", "host"}));
  EXPECT_EQ(split_target_sets("arm-64-ios:base,x86-64-linux:avx2,base,arm-64-osx"),
            (Names{"arm-64-ios:base", "x86-64-linux:avx2,base", "arm-64-osx"}));
}

}  // namespace
}  // namespace qatc::testing
