#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace qatc {

/// A tensor extent as a function of the input image's height H or width W.
///
/// Every extent of a convolutional network is one symbol (or none) followed by steps e -> floor((e*mul + add) / div): a
/// strided conv or pool is one step, a resize by a factor is one step. Resize to another tensor's size copies that
/// tensor's extent. Two extents are equal for every image size when their normal forms are equal.
class Extent {
 public:
  enum class Symbol : uint8_t { kNone, kHeight, kWidth };
  struct Step {
    int64_t mul = 1;
    int64_t add = 0;
    int64_t div = 1;  // > 0
    friend bool operator==(const Step&, const Step&) = default;
  };

  Extent() = default;
  Extent(int64_t constant) : constant_(constant) {}  // NOLINT(google-explicit-constructor): a number is an extent
  static Extent height() { return Extent(Symbol::kHeight); }
  static Extent width() { return Extent(Symbol::kWidth); }

  bool is_constant() const { return symbol_ == Symbol::kNone; }
  /// Requires is_constant().
  int64_t constant() const;
  Symbol symbol() const { return symbol_; }
  const std::vector<Step>& steps() const { return steps_; }

  /// floor((this * mul + add) / div), in normal form.
  Extent step(int64_t mul, int64_t add, int64_t div) const;
  int64_t evaluate(int64_t height, int64_t width) const;

  /// E.g. `H`, `(H + 1) / 2`, `12`; also valid C when `/` floors, i.e. for the non-negative values that occur.
  std::string to_string() const;
  /// The inverse of to_string. Throws UserError on malformed text.
  static Extent parse(std::string_view text);

  friend bool operator==(const Extent&, const Extent&) = default;

 private:
  explicit Extent(Symbol symbol) : symbol_(symbol) {}

  Symbol symbol_ = Symbol::kNone;
  int64_t constant_ = 0;
  std::vector<Step> steps_;
};

}  // namespace qatc
