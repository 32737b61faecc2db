#include "schedules/tuned_table.h"

#include <gtest/gtest.h>

#include "schedules/kernel_specs.h"
#include "support/error.h"
#include "support/files.h"

namespace qatc::testing {
namespace {

std::string error_of(const std::string& text) {
  try {
    parse_tuned_table(text, "table.txt", Isa::kX86Vnni);
  } catch (const UserError& error) {
    return error.what();
  }
  return "no error";
}

TunedTable small_table() {
  TunedTable table;
  KernelSchedule schedule;
  schedule.channels = 32;
  schedule.pixels = 10;
  table[signature(conv_spec({32}, 32, 3))] = {schedule, "time", 0.931, 82.5};
  schedule.load = 16;
  table[signature(lookup_spec(8))] = {schedule, "instructions", 0.5, 0.25};
  return table;
}

TEST(TunedTable, ParsesWhatItPrints) {
  const std::string text = print_tuned_table(small_table(), Isa::kX86Vnni);
  const TunedTable parsed = parse_tuned_table(text, "table.txt", Isa::kX86Vnni);
  ASSERT_EQ(parsed.size(), 2U);
  EXPECT_EQ(print_tuned_table(parsed, Isa::kX86Vnni), text);
  const TunedSchedule& tuned = parsed.at(signature(conv_spec({32}, 32, 3)));
  EXPECT_EQ(tuned.schedule, small_table().begin()->second.schedule);
  EXPECT_EQ(tuned.measure, "time");
  EXPECT_DOUBLE_EQ(tuned.ratio, 0.931);
  EXPECT_DOUBLE_EQ(tuned.modelled, 82.5);
}

TEST(TunedTable, IsOneLineAKernelInOrder) {
  EXPECT_EQ(
      print_tuned_table(small_table(), Isa::kArmDotprod),
      "# Schedules for arm64_dotprod, by `qatc tune`; compile uses them. Ratio 1: none was better than the default.\n"
      "# kernel's signature | schedule | measure and its ratio to the default | modelled cycles a pixel\n"
      "float in(32) conv0(in0 k3x3 s1x1 d1x1 p0x0) %0=requantize(conv0) %1=lookup(%0) out(%1)x32/32 | " +
          to_string(small_table().begin()->second.schedule) + " | time 0.931 | 82.50\n" +
          "float in(8) %0=in0 %1=lookup(%0) out(%1)x8/8 | " + to_string(small_table().rbegin()->second.schedule) +
          " | instructions 0.500 | 0.25\n");
}

TEST(TunedTable, NamesTheLineAtFault) {
  const std::string schedule = to_string(KernelSchedule{});
  EXPECT_EQ(error_of("# fine\n\nfloat in(4)\n"),
            "table.txt:3: a line is: signature | schedule | measure and ratio | modelled cycles");
  EXPECT_EQ(error_of("s | pixels=1 | time 1 | 2\n"),
            "table.txt:1: a schedule is like '" + schedule + "', is 'pixels=1'");
  for (const char* measurement : {"time", "weight 2", "time two", "time -1", "time 0", "time 1e99", "time nan"}) {
    EXPECT_EQ(error_of("s | " + schedule + " | " + measurement + " | 2\n"),
              std::string("table.txt:1: a measurement is 'time', 'instructions' or 'model' and a ratio, is '") +
                  measurement + "'");
  }
  EXPECT_EQ(error_of("s | " + schedule + " | time 1 | many\n"),
            "table.txt:1: modelled cycles are a positive number, is 'many'");
  const std::string good = "s | " + schedule + " | time 1 | 2\n";
  EXPECT_EQ(error_of(good), "no error");
  EXPECT_EQ(error_of(good + good), "table.txt:2: this signature is there twice");
}

// What is committed is what `qatc tune` writes, so that its next run changes no more than it found.
TEST(TunedTable, CommittedOnesAreAsPrinted) {
  for (Isa isa : kAllIsas) {
    const std::string path = QATC_TUNED_DIR "/" + tuned_table_name(isa) + ".txt";
    EXPECT_EQ(read_file(path), print_tuned_table(tuned_table(isa), isa)) << path;
  }
}

}  // namespace
}  // namespace qatc::testing
