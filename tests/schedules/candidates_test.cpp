#include "schedules/candidates.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "schedules/default_schedule.h"
#include "schedules/kernel_specs.h"
#include "schedules/known_schedule.h"
#include "schedules/schedule_fields.h"
#include "schedules/tuned_table.h"

namespace qatc::testing {
namespace {

bool contains(const std::vector<KernelSchedule>& candidates, const KernelSchedule& schedule) {
  return std::find(candidates.begin(), candidates.end(), schedule) != candidates.end();
}

KernelSchedule schedule(int64_t channels, int64_t pixels, int64_t load) {
  KernelSchedule result;
  result.channels = channels;
  result.pixels = pixels;
  result.load = load;
  return result;
}

TEST(Candidates, HaveTheDefaultAndNoneTwice) {
  for (Isa isa : kAllIsas) {
    for (const KernelSpec& spec : various_specs()) {
      SCOPED_TRACE(tuned_table_name(isa) + ": " + signature(spec));
      const std::vector<KernelSchedule> candidates = schedule_candidates(spec, isa);
      EXPECT_TRUE(contains(candidates, default_schedule(spec, isa)));
      std::set<std::string> texts;
      for (const KernelSchedule& candidate : candidates) texts.insert(to_string(candidate));
      EXPECT_EQ(texts.size(), candidates.size());
      EXPECT_EQ(candidates, schedule_candidates(spec, isa));
    }
  }
}

TEST(Candidates, CutChannelsIntoEqualTiles) {
  for (Isa isa : kAllIsas) {
    for (const KernelSpec& spec : various_specs()) {
      for (const KernelSchedule& candidate : schedule_candidates(spec, isa)) {
        EXPECT_EQ(spec.out_channels % candidate.channels, 0) << signature(spec) << ": " << to_string(candidate);
      }
    }
  }
}

// The tile and its operands in vectors: accumulators, one vector of each pixel's channels, filters.
TEST(Candidates, LeaveOutTilesThatSpill) {
  const std::vector<KernelSchedule> arm = schedule_candidates(conv_spec({32}, 32, 3), Isa::kArmDotprod);
  EXPECT_TRUE(contains(arm, schedule(16, 5, 16)));   // 20 + 5 + 4 of 32
  EXPECT_FALSE(contains(arm, schedule(16, 6, 16)));  // 24 + 6 + 4
  const std::vector<KernelSchedule> vnni = schedule_candidates(conv_spec({32}, 64, 3), Isa::kX86Vnni);
  EXPECT_TRUE(contains(vnni, schedule(64, 6, 0)));   // 24 + 1 + 4 of 32
  EXPECT_FALSE(contains(vnni, schedule(64, 7, 0)));  // 28 + 1 + 4
  const std::vector<KernelSchedule> avx2 = schedule_candidates(conv_spec({32}, 32, 3), Isa::kX86Avx2);
  EXPECT_TRUE(contains(avx2, schedule(16, 6, 0)));   // 12 + 2 + 2 of 16
  EXPECT_FALSE(contains(avx2, schedule(16, 7, 0)));  // 14 + 2 + 2
}

TEST(Candidates, LeaveOutTilesWhoseRowsOverflowTheCache) {
  const KernelSpec wide = conv_spec({1024}, 16, 3);
  for (const KernelSchedule& candidate : schedule_candidates(wide, Isa::kX86Vnni)) {
    if (candidate == default_schedule(wide, Isa::kX86Vnni)) continue;
    EXPECT_LE((candidate.pixels + 2) * 3 * 1024, 32 * 1024) << to_string(candidate);
  }
  EXPECT_TRUE(contains(schedule_candidates(wide, Isa::kX86Vnni), schedule(16, 8, 0)));
}

TEST(Candidates, DigitsOfAChannelStayInOneTile) {
  for (Isa isa : kAllIsas) {
    for (const KernelSchedule& candidate : schedule_candidates(conv_spec({32}, 4, 3, kFixedPointDigits), isa)) {
      EXPECT_EQ(candidate.channels, 4);
    }
  }
}

/// Of candidates with these channels and pixels.
std::set<int64_t> values_of(const KernelSpec& spec, Isa isa, int64_t channels, int64_t pixels,
                            int64_t KernelSchedule::*field) {
  std::set<int64_t> values;
  for (const KernelSchedule& candidate : schedule_candidates(spec, isa)) {
    if (candidate.channels == channels && candidate.pixels == pixels) values.insert(candidate.*field);
  }
  return values;
}

using Values = std::set<int64_t>;

TEST(Candidates, HaveNarrowerVectorsWhereThereAre) {
  const auto vectors = [](const KernelSpec& spec, Isa isa, int64_t channels, int64_t pixels) {
    return values_of(spec, isa, channels, pixels, &KernelSchedule::vector);
  };
  EXPECT_EQ(vectors(conv_spec({32}, 32, 3), Isa::kX86Vnni, 32, 2), (Values{0, 32}));
  EXPECT_EQ(vectors(conv_spec({32}, 32, 3), Isa::kX86Avx2, 16, 2), (Values{0, 16}));
  EXPECT_EQ(vectors(conv_spec({32}, 32, 3), Isa::kArmBase, 16, 2), (Values{0, 16}));
  EXPECT_EQ(vectors(conv_spec({32}, 32, 3), Isa::kArmDotprod, 16, 2), (Values{0}));
  // Of kernels without a reduction, vectors across pixels; along channels they are as long as the tile has channels.
  EXPECT_EQ(vectors(lookup_spec(8), Isa::kX86Vnni, 8, 8), (Values{0, 32}));
  EXPECT_EQ(vectors(lookup_spec(8), Isa::kX86Vnni, 8, 4), (Values{0}));
  EXPECT_EQ(vectors(lookup_spec(4), Isa::kArmBase, 4, 4), (Values{0, 8}));
  EXPECT_EQ(vectors(lookup_spec(64), Isa::kX86Vnni, 64, 4), (Values{0}));
}

TEST(Candidates, RunAcrossPixelsWhereTheyLieSideBySide) {
  const auto across = [](const KernelSpec& spec, Isa isa, int64_t channels, int64_t pixels) {
    return values_of(spec, isa, channels, pixels, &KernelSchedule::across);
  };
  EXPECT_EQ(across(conv_spec({32}, 24, 3), Isa::kArmDotprod, 24, 2), (Values{1}));  // no vector divides 48 but 16 < 24
  EXPECT_EQ(across(conv_spec({32}, 8, 3), Isa::kArmDotprod, 8, 2), (Values{0, 1}));
  EXPECT_EQ(across(conv_spec({32}, 8, 3), Isa::kArmDotprod, 4, 2), (Values{1}));  // half of a pixel
  EXPECT_EQ(across(conv_spec({32}, 8, 3), Isa::kArmDotprod, 8, 1), (Values{1}));
  KernelSpec slice = conv_spec({32}, 8, 3);
  slice.out_pixel_stride = 16;
  EXPECT_EQ(across(slice, Isa::kArmDotprod, 8, 2), (Values{1}));
}

TEST(Choice, IsACandidateFromANamedSource) {
  for (Isa isa : kAllIsas) {
    for (const KernelSpec& spec : various_specs()) {
      const ScheduleChoice choice = known_schedule(spec, isa);
      EXPECT_TRUE(contains(schedule_candidates(spec, isa), choice.schedule)) << signature(spec);
      if (choice.source == ScheduleSource::kRule) {
        EXPECT_EQ(choice.schedule, default_schedule(spec, isa));
      }
    }
  }
}

TEST(Choice, SaysWhichRowOfTheTableIsPassedOver) {
  KernelSchedule impossible;
  impossible.channels = 999;
  impossible.pixels = 77;
  for (Isa isa : kAllIsas) {
    KernelSpec spec = conv_spec({32}, 32, 3);
    const KernelSchedule rule = default_schedule(spec, isa);
    TunedTable table;
    EXPECT_EQ(known_schedule(spec, isa, table).passed_over, "");
    table[signature(spec)] = {rule, "time", 1, 1};
    EXPECT_FALSE(is_stale(table, spec, isa));
    EXPECT_EQ(known_schedule(spec, isa, table).source, ScheduleSource::kTunedTable);
    EXPECT_EQ(known_schedule(spec, isa, table).passed_over, "");
    table[signature(spec)].schedule = impossible;
    EXPECT_TRUE(is_stale(table, spec, isa));
    EXPECT_NE(known_schedule(spec, isa, table).source, ScheduleSource::kTunedTable);
    EXPECT_EQ(known_schedule(spec, isa, table).passed_over, to_string(impossible));
    // Exact rounding would take it from float's.
    spec.rounding = Rounding::kExact;
    EXPECT_FALSE(is_stale(table, spec, isa));
    EXPECT_EQ(known_schedule(spec, isa, table).passed_over, to_string(impossible));
  }
}

TEST(ScheduleText, ParsesWhatItPrints) {
  for (Isa isa : kAllIsas) {
    for (const KernelSpec& spec : various_specs()) {
      for (const KernelSchedule& candidate : schedule_candidates(spec, isa)) {
        EXPECT_EQ(parse_schedule(to_string(candidate)), candidate) << to_string(candidate);
      }
    }
  }
}

TEST(ScheduleText, RefusesAnythingElse) {
  const std::string good = to_string(KernelSchedule{});
  ASSERT_TRUE(parse_schedule(good));
  EXPECT_FALSE(parse_schedule(""));
  EXPECT_FALSE(parse_schedule(good + " more=1"));
  EXPECT_FALSE(parse_schedule(good + "x"));
  EXPECT_FALSE(parse_schedule(good.substr(0, good.rfind(' '))));
  EXPECT_FALSE(parse_schedule("pixels=1 " + good));
  EXPECT_FALSE(parse_schedule(good + " load=8 load=8"));
  EXPECT_EQ(parse_schedule(good + " load=8")->load, 8);
  EXPECT_FALSE(parse_schedule("channels=-4" + good.substr(good.find(' '))));
  EXPECT_FALSE(parse_schedule("channels=99999999999999999999" + good.substr(good.find(' '))));
}

}  // namespace
}  // namespace qatc::testing
