// What is emitted: text, symbols, instructions, and that it is the same every time.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>

#include "emit/dispatcher.h"
#include "emit/driver.h"
#include "emit/fill_template.h"
#include "emit/header.h"
#include "emit/library.h"
#include "emit/symbols.h"
#include "ir/parse.h"
#include "lower/target.h"
#include "ops/evaluate.h"
#include "support/error.h"
#include "support/generated_library.h"
#include "support/network_builder.h"

namespace qatc::testing {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kAllTargets{"host",
                                           "x86-64-linux",
                                           "x86-64-linux-sse41-avx-f16c-fma-avx2",
                                           "x86-64-linux-sse41-avx-f16c-fma-avx2-avxvnni",
                                           "arm-64-linux",
                                           "arm-64-linux-arm_dot_prod",
                                           "arm-64-linux-arm_dot_prod-i8mm",
                                           "arm-64-android-arm_dot_prod",
                                           "arm-64-ios",
                                           "arm-64-osx-arm_dot_prod",
                                           "x86-64-linux:avx512vnni,avxvnni,avx2,base",
                                           "arm-64-android:dotprod,i8mm,base",
                                           "arm-64-ios:i8mm,dotprod"};

Plan tiny_plan(Rounding rounding = Rounding::kFloat) {
  const Graph graph = parse(read_file(std::string(QATC_EMIT_TEST_DIR) + "/tiny.txt"));
  verify(graph);
  return make_plan(graph, rounding);
}

/// Convs of all kinds, with channel counts that fill no vector.
Plan conv_plan() {
  NetworkBuilder network(3, 3);
  using Filter = NetworkBuilder::Filter;
  ValueId value = network.image();
  for (const int64_t channels : {4, 10, 12, 20, 32, 64, 8}) {
    NetworkBuilder::ConvOptions options = NetworkBuilder::around();
    options.stride = {channels == 32 ? 2 : 1, channels == 32 ? 2 : 1};
    options.filter = channels == 8 ? Filter::kFixedPoint : Filter::kPerChannel;
    value = network.conv({value}, channels, options);
  }
  const ValueId gate = network.mul(network.lookup(network.conv({value}, 24, {})), network.conv({value}, 24, {}));
  network.keep(network.conv({gate, value}, 3, {}));
  return make_plan(network.finish(), Rounding::kFloat);
}

/// The lines that a tool prints.
std::vector<std::string> lines_of(const std::vector<std::string>& command) {
  std::istringstream text(run_checked(command));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

bool is_apple_name(const std::string& target) {
  return target.find("ios") != std::string::npos || target.find("osx") != std::string::npos;
}

/// Names as C has them: Apple's objects put an underscore before them.
std::set<std::string> symbols(const std::string& target, const std::string& which, const std::string& archive) {
  std::set<std::string> result;
  for (const std::string& line : lines_of({QATC_NM, which, "--extern-only", "--just-symbol-name", archive})) {
    if (line.empty() || line.back() == ':') continue;
    result.insert(is_apple_name(target) ? line.substr(1) : line);
  }
  return result;
}

/// Every file below a folder, by its relative path.
std::map<std::string, std::string> files_below(const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    files[fs::relative(entry.path(), folder).string()] = read_file(entry.path().string());
  }
  return files;
}

TEST(Example, IsUpToDate) {
  const Plan plan = tiny_plan();
  for (const auto& [file, text] : {std::pair{"tiny.h", emit_header(plan, "tiny")},
                                   std::pair{"tiny_driver.c", emit_driver(plan, "tiny", "tiny")}}) {
    const std::string path = std::string(QATC_EXAMPLE_DIR) + "/" + file;
    if (std::getenv("QATC_REBASE") != nullptr) {
      write_file_atomically(path, text);
    } else {
      EXPECT_EQ(text, read_file(path)) << "QATC_REBASE=1 accepts the new " << file;
    }
  }
}

TEST(Emit, TheSameBytesForAnyNumberOfJobs) {
  const Plan plan = tiny_plan(Rounding::kExact);
  std::vector<LibraryTarget> targets;
  for (const char* target : {"host", "arm-64-android:dotprod,base", "arm-64-ios"}) {
    targets.push_back(schedule_library(plan, parse_target_set(target)));
  }
  std::map<std::string, std::string> first;
  for (const int jobs : {1, 2, 2}) {
    const TemporaryDirectory folder;
    emit_libraries(plan, targets, {"tiny", folder.path(), jobs, {}});
    const std::map<std::string, std::string> files = files_below(folder.path());
    EXPECT_EQ(files.size(), 4U + 3U * targets.size());
    if (first.empty()) first = files;
    for (const auto& [file, bytes] : files) EXPECT_TRUE(bytes == first[file]) << file << " differs";
  }
}

TEST(Emit, TheModelMayHaveAnyName) {
  // Generated names contain these words too.
  for (const std::string name : {"edge_filter", "table", "out", "frame", "stage0"}) {
    EXPECT_NO_THROW(GeneratedLibrary(tiny_plan(), {"host"}, name)) << name;
  }
}

TEST(FillTemplate, WantsAValueForEveryPlaceholderAndNoOther) {
  EXPECT_NE(fill_template("run_on.c.in", {{"name", "net"}}).find("qatc_status net_run_on("), std::string::npos);
  EXPECT_THROW(fill_template("run_on.c.in", {}), InternalError);
  EXPECT_THROW(fill_template("run_on.c.in", {{"name", "net"}, {"unused", ""}}), InternalError);
}

TEST(Emit, DispatcherText) {
  const std::string text = emit_dispatcher("net", parse_target_set("arm-64-linux:base,dotprod,i8mm"));
  const std::string run = "_run(input, output, arena, arena_size, executor);\n";
  EXPECT_NE(text.find("  if ((features & QATC_CPU_I8MM) != 0) return net_for_i8mm" + run +
                      "  if ((features & QATC_CPU_DOTPROD) != 0) return net_for_dotprod" + run +
                      "  return net_for_base" + run + "}\n"),
            std::string::npos)
      << text;
  EXPECT_NE(
      emit_dispatcher("net", parse_target_set("arm-64-linux:dotprod")).find("  return QATC_CPU_UNSUPPORTED;\n}\n"),
      std::string::npos);
}

TEST(Emit, NamesOfTheNetworkStayInTheirComments) {
  const char* const text = R"(graph 'names'
input %"*/ x": f32[1, H, W, 1]
%"q */ int /*": u8[1, H, W, 1] quant(0.01, 0) = quantize(%"*/ x") from '/*/ ??/' (QuantizeLinear)
const %w: i8[1, 1, 1, 1] quant(0.01, 0) = {3}
const %b: f32[1] = {0}
%"conv */": u8[1, H, W, 1] quant(0.01, 0) = conv2d(%"q */ int /*", %w, %b) from '*/ #error' (Conv)
%y: f32[1, H, W, 1] = dequantize(%"conv */")
output %y
)";
  EXPECT_NO_THROW(GeneratedLibrary(make_plan(parse(text), Rounding::kFloat), {"host"}));
}

class AllTargets : public ::testing::TestWithParam<std::string> {};

TEST_P(AllTargets, NeedMemcpyMemsetAndThreadsOnly) {
  const std::string& target = GetParam();
  const GeneratedLibrary library(tiny_plan(), {target}, "tiny");
  const std::string folder = library.target_folder(target);
  std::set<std::string> defined;
  std::set<std::string> undefined;
  for (const char* archive : {"/libtiny.a", "/libqatc_runtime.a"}) {
    defined.merge(symbols(target, "--defined-only", folder + archive));
    undefined.merge(symbols(target, "--undefined-only", folder + archive));
  }
  // Of qatc_cpu.o: the kernel's or the system's word on the CPU.
  const std::string asks = is_apple_name(target) ? "sysctlbyname" : target.rfind("arm", 0) == 0 ? "getauxval" : "";
  for (const std::string& symbol : undefined) {
    const bool allowed = symbol == "memcpy" || symbol == "memset" || symbol.rfind("pthread_", 0) == 0 || symbol == asks;
    EXPECT_TRUE(allowed || defined.count(symbol) > 0) << "needs " << symbol;
  }
  // Only a library with a choice asks for the CPU, and so links qatc_cpu.o.
  const bool has_choice = target.find(':') != std::string::npos;
  EXPECT_EQ(symbols(target, "--undefined-only", folder + "/libtiny.a").count("qatc_cpu_features"),
            has_choice ? 1U : 0U);
  for (const char* function : {"tiny_run", "tiny_run_on", "tiny_arena_size", "tiny_output_size"}) {
    EXPECT_EQ(defined.count(function), 1U) << function;
  }
  for (const std::string& symbol : symbols(target, "--defined-only", folder + "/libtiny.a")) {
    EXPECT_EQ(symbol.rfind("tiny_", 0), 0U) << symbol << " has no prefix";
  }
  for (const std::string& symbol : symbols(target, "--defined-only", folder + "/libqatc_runtime.a")) {
    EXPECT_EQ(symbol.rfind("qatc_", 0), 0U) << symbol << " has no prefix";
  }
}

/// Every conv kernel has one of these: vector instructions that multiply and add.
std::vector<std::string> multiply_instructions(Isa isa) {
  switch (isa) {
    case Isa::kX86Base:
      return {"pmaddwd"};
    case Isa::kX86Avx2:
      return {"vpmaddwd"};
    case Isa::kX86AvxVnni:
      return {"{vex}\tvpdpbusd"};
    case Isa::kX86Vnni:
      return {"vpdpbusd"};
    case Isa::kArmBase:
      return {"sadalp"};
    case Isa::kArmDotprod:
      return {"sdot"};
    case Isa::kArmI8mm:
      return {"smmla"};
  }
  return {};
}

/// Each instruction set once: a platform changes nothing in kernels.
class InstructionSets : public ::testing::TestWithParam<std::string> {};

TEST_P(InstructionSets, NoConvIsScalarCode) {
  const Plan plan = conv_plan();
  const GeneratedLibrary library(plan, {GetParam()});
  const TargetSet set = parse_target_set(GetParam());
  std::vector<std::string> command{QATC_OBJDUMP, "--disassemble", "--no-show-raw-insn"};
  if (is_arm(set.targets.front().isa)) command.emplace_back("--mattr=+dotprod,+i8mm");
  command.push_back(library.target_folder(GetParam()) + "/libnet.a");
  std::map<std::string, std::string> code;  // by object
  std::string object;
  for (const std::string& line : lines_of(command)) {
    const size_t member = line.find(".a(");
    if (member != std::string::npos) object = line.substr(member + 3, line.find(".o)") - member - 3);
    code[object] += line + "\n";
  }
  for (const Target& target : set.targets) {
    const std::vector<std::string> wanted = multiply_instructions(target.isa);
    int convs = 0;
    for (size_t k = 0; k < plan.kernels.size(); ++k) {
      if (plan.kernels[k].convs.empty()) continue;
      ++convs;
      const std::string& text = code[kernel_symbol(plan, symbol_prefix("net", set, target.isa), static_cast<int>(k))];
      ASSERT_FALSE(text.empty());
      const bool found = std::any_of(wanted.begin(), wanted.end(), [&](const std::string& instruction) {
        return text.find(instruction) != std::string::npos;
      });
      EXPECT_TRUE(found) << signature(plan.kernels[k]) << " has no " << wanted.front() << " for " << target.name;
      // Registers that only AVX-512 has.
      if (target.isa == Isa::kX86Avx2 || target.isa == Isa::kX86AvxVnni) {
        for (const char* beyond : {"%zmm", "%ymm16", "%k1"}) EXPECT_EQ(text.find(beyond), std::string::npos) << beyond;
      }
    }
    EXPECT_EQ(convs, 9);
  }
}

std::string name_of_target(const ::testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return name;
}
INSTANTIATE_TEST_SUITE_P(Emit, AllTargets, ::testing::ValuesIn(kAllTargets), name_of_target);
INSTANTIATE_TEST_SUITE_P(Emit, InstructionSets,
                         ::testing::Values("host", "x86-64-linux:avx512vnni,avxvnni,avx2,base",
                                           "arm-64-android:dotprod,i8mm,base"),
                         name_of_target);

TEST(TwoModels, InOneProgram) {
  const Plan tiny = tiny_plan();
  NetworkBuilder network(5, 3);
  network.keep(network.conv({network.image()}, 3, {}));
  const Plan other = make_plan(network.finish(), Rounding::kExact);
  RunResult in{9, 14, 3, {}};
  for (int i = 0; i < 9 * 14 * 3; ++i) in.bytes += static_cast<char>(i * 37 % 256);
  std::string expected;
  for (const Plan* plan : {&tiny, &other}) {
    const Tensor result = evaluate(plan->graph, {tensor_of_bytes(in)}, plan->rounding).front();
    for (const char byte : byte_image(result).bytes) {
      expected += std::to_string(static_cast<uint8_t>(byte)) + "\n";
    }
  }
  for (const std::string& target :
       runnable({"host", "arm-64-linux", "x86-64-linux:base,avx2", "arm-64-linux:dotprod,i8mm,base"})) {
    GeneratedLibrary first(tiny, {target}, "tiny");
    GeneratedLibrary second(other, {target}, "other");
    const std::string other_library = second.target_folder(target) + "/libother.a";
    for (const std::string language : {"c", "c++"}) {
      if (language == "c++" && target != "host") continue;  // a cross compiler for C is enough for everything else
      const std::string program =
          first.link(target, std::string(QATC_EMIT_TEST_DIR) + "/two_models.c",
                     {"-I" + second.folder(), "-std=" + std::string(language == "c" ? "c11" : "c++17"), "-Wall",
                      "-Wextra", "-pedantic", "-Werror", "-x", language},
                     {other_library});
      std::vector<std::string> command = runner(target);
      command.push_back(program);
      EXPECT_EQ(run_checked(command), expected) << target << " " << language;
    }
  }
}

}  // namespace
}  // namespace qatc::testing
