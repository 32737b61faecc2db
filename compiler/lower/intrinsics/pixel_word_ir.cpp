#include "lower/intrinsics/pixel_word_ir.h"

#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

namespace qatc {

namespace {

constexpr int kVectorWords = 16;

/// %NAME = the lanes of %a and %b that `place` names, those of %b from 16 on.
void shuffle_words(const std::string& name, const std::string& a, const std::string& b,
                   const std::function<int(int)>& place) {
  std::printf("  %%%s = shufflevector <16 x i32> %%%s, <16 x i32> %%%s, %s\n", name.c_str(), a.c_str(), b.c_str(),
              indices(kVectorWords, place).c_str());
}

/// One way through a transposition: to the vectors that hold one word of all pixels, over vectors with ever fewer words
/// of ever more pixels. Memory has all words of a pixel, then those of the next; made vectors have a word of all their
/// pixels, then the next word.
class WordOfPixels {
 public:
  WordOfPixels(int words, int word) : words_(words), word_(word), vectors_(words) {
    for (int i = 0; i < words; ++i) names_.push_back("memory" + std::to_string(i));
  }

  /// The name of the vector.
  std::string join() {
    if (words_ % 3 == 0) join_three();
    while (vectors_ > 1) join_two();
    return names_.front();
  }

 private:
  /// Three vectors have a third of their words of all their pixels in one.
  void join_three() {
    const int pixels = 3 * kVectorWords / words_;
    const int kept = words_ / 3;
    const int first = word_ / kept * kept;
    std::vector<std::string> joined;
    for (int i = 0; i < vectors_; i += 3) {
      const auto place = [&](int lane) { return lane % pixels * words_ + first + lane / pixels; };
      const std::string two = next_name();
      shuffle_words(two, names_[at(i)], names_[at(i + 1)],
                    [&](int lane) { return place(lane) < 2 * kVectorWords ? place(lane) : 0; });
      joined.push_back(next_name());
      shuffle_words(joined.back(), two, names_[at(i + 2)],
                    [&](int lane) { return place(lane) < 2 * kVectorWords ? lane : place(lane) - kVectorWords; });
    }
    finish_step(joined, kept);
  }

  /// Two vectors have half of their words of all their pixels in one.
  void join_two() {
    const int pixels = kVectorWords / words_;  // of each
    const int kept = words_ / 2;
    const int first = word_ / kept * kept;
    std::vector<std::string> joined;
    for (int i = 0; i < vectors_; i += 2) {
      joined.push_back(next_name());
      shuffle_words(joined.back(), names_[at(i)], names_[at(i + 1)], [&](int lane) {
        const int pixel = lane % (2 * pixels);
        const int word = first + lane / (2 * pixels);
        const int place = is_memory_ ? pixel % pixels * words_ + word : word * pixels + pixel % pixels;
        return place + pixel / pixels * kVectorWords;
      });
    }
    finish_step(joined, kept);
  }

  void finish_step(const std::vector<std::string>& joined, int kept) {
    names_ = joined;
    vectors_ = static_cast<int>(joined.size());
    words_ = kept;
    word_ %= kept;
    is_memory_ = false;
  }

  static size_t at(int i) { return static_cast<size_t>(i); }
  std::string next_name() { return "joined" + std::to_string(made_++); }

  int words_, word_;  // of the vectors' pixels; of these, the one that is looked for
  int vectors_;
  bool is_memory_ = true;
  std::vector<std::string> names_;
  int made_ = 0;
};

void pixel_word_form(int words, int word) {
  const std::string type = typed(kVectorWords, "i32");
  std::printf("define weak_odr <64 x i8> @qatc_pixel_word%dof%dx64(i64 %%address, <64 x i32> %%byte) ", word, words);
  std::puts("alwaysinline nounwind readonly {");
  std::puts("  %first = extractelement <64 x i32> %byte, i64 0\n  %wide = sext i32 %first to i64");
  std::printf("  %%offset = mul i64 %%wide, %d\n  %%begin = add i64 %%address, %%offset\n", words);
  for (int i = 0; i < words; ++i) {
    std::printf("  %%a%d = add i64 %%begin, %d\n", i, 64 * i);
    const std::string pointer = pointer_to(type);
    std::printf("  %%p%d = inttoptr i64 %%a%d to %s\n", i, i, pointer.c_str());
    std::printf("  %%memory%d = load %s, %s %%p%d, align 1, !invariant.load !9\n", i, type.c_str(), pointer.c_str(), i);
  }
  const std::string result = WordOfPixels(words, word).join();
  std::printf("  %%result = bitcast <16 x i32> %%%s to <64 x i8>\n  ret <64 x i8> %%result\n}\n", result.c_str());
  std::printf("define weak_odr i8 @qatc_pixel_word%dof%d(i64 %%address, i32 %%byte) alwaysinline nounwind readonly {\n",
              word, words);
  std::printf(R"(  %%wide = sext i32 %%byte to i64
  %%pixel = ashr i64 %%wide, 2
  %%offset = mul i64 %%pixel, %d
  %%within = and i64 %%wide, 3
  %%in_pixel = add i64 %%within, %d
  %%begin = add i64 %%address, %%offset
  %%place = add i64 %%begin, %%in_pixel
)",
              4 * words, 4 * word);
  const std::string pointer = pointer_to("i8");
  std::printf("  %%pointer = inttoptr i64 %%place to %s\n  %%value = load i8, %s %%pointer\n", pointer.c_str(),
              pointer.c_str());
  std::puts("  ret i8 %value\n}");
}

}  // namespace

void write_pixel_word_ir(IrIsa isa) {
  if (isa != IrIsa::kAvx512Vnni) return;
  for (int words : {1, 2, 3, 4, 6, 8, 12, 16}) {
    for (int word = 0; word < words; ++word) pixel_word_form(words, word);
  }
}

}  // namespace qatc
