#include "ir/extent.h"

#include <cctype>
#include <numeric>

#include "support/error.h"

namespace qatc {

namespace {

int64_t floor_divide(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0); }

int64_t apply(const Extent::Step& step, int64_t value) { return floor_divide(value * step.mul + step.add, step.div); }

/// Recursive descent over `term (('*'|'+'|'-'|'/') number)*` with parentheses around the left operand.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Extent parse() {
    Extent result = expression();
    skip_spaces();
    if (position_ != text_.size()) fail();
    return result;
  }

 private:
  [[noreturn]] void fail() const { throw UserError("malformed extent '" + std::string(text_) + "'"); }
  void skip_spaces() {
    while (position_ < text_.size() && text_[position_] == ' ') ++position_;
  }
  char peek() {
    skip_spaces();
    return position_ < text_.size() ? text_[position_] : '\0';
  }
  int64_t number() {
    bool negative = peek() == '-';
    if (negative) ++position_;
    if (std::isdigit(static_cast<unsigned char>(peek())) == 0) fail();
    int64_t value = 0;
    while (position_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[position_])) != 0) {
      value = value * 10 + (text_[position_++] - '0');
      if (value > (int64_t{1} << 56)) fail();
    }
    return negative ? -value : value;
  }
  Extent primary() {
    char c = peek();
    if (c == '(') {
      ++position_;
      Extent inner = expression();
      if (peek() != ')') fail();
      ++position_;
      return inner;
    }
    if (c == 'H' || c == 'W') {
      ++position_;
      return c == 'H' ? Extent::height() : Extent::width();
    }
    return Extent(number());
  }
  Extent expression() {
    Extent left = primary();
    while (true) {
      char c = peek();
      if (c != '*' && c != '+' && c != '-' && c != '/') return left;
      ++position_;
      int64_t n = number();
      if (c == '/' && n <= 0) fail();
      left = c == '*'   ? left.step(n, 0, 1)
             : c == '+' ? left.step(1, n, 1)
             : c == '-' ? left.step(1, -n, 1)
                        : left.step(1, 0, n);
    }
  }

  std::string_view text_;
  size_t position_ = 0;
};

}  // namespace

int64_t Extent::constant() const {
  QATC_CHECK(is_constant(), "extent " + to_string() + " is not constant");
  return constant_;
}

Extent Extent::step(int64_t mul, int64_t add, int64_t div) const {
  QATC_CHECK(div > 0, "extent divided by a number that is not positive");
  if (is_constant()) return Extent(apply({mul, add, div}, constant_));
  if (mul == 0) return Extent(floor_divide(add, div));
  // floor((g m x + a) / (g d)) = floor((m x + floor(a / g)) / d).
  const int64_t common = std::gcd(mul, div);
  const Step fresh{mul / common, floor_divide(add, common), div / common};
  if (fresh == Step{}) return *this;
  Extent before = *this;
  if (!steps_.empty()) {
    const Step last = steps_.back();
    before.steps_.pop_back();
    // An affine last step composes exactly.
    if (last.div == 1) return before.step(last.mul * fresh.mul, last.add * fresh.mul + fresh.add, fresh.div);
    // floor((floor(x / a) + add) / b) = floor((x + a add) / (a b)) for positive a, b.
    if (fresh.mul == 1) return before.step(last.mul, last.add + last.div * fresh.add, last.div * fresh.div);
    before.steps_.push_back(last);
  }
  before.steps_.push_back(fresh);
  return before;
}

int64_t Extent::evaluate(int64_t height, int64_t width) const {
  int64_t value = symbol_ == Symbol::kHeight ? height : symbol_ == Symbol::kWidth ? width : constant_;
  for (const Step& step : steps_) value = apply(step, value);
  return value;
}

std::string Extent::to_string() const {
  if (is_constant()) return std::to_string(constant_);
  std::string text = symbol_ == Symbol::kHeight ? "H" : "W";
  for (const Step& step : steps_) {
    if (step.mul != 1) text += " * " + std::to_string(step.mul);
    if (step.add != 0) text += (step.add > 0 ? " + " : " - ") + std::to_string(step.add > 0 ? step.add : -step.add);
    if (step.div != 1) {
      if (step.mul != 1 || step.add != 0) text = "(" + text + ")";
      text += " / " + std::to_string(step.div);
    }
    if (&step != &steps_.back()) text = "(" + text + ")";
  }
  return text;
}

Extent Extent::parse(std::string_view text) { return Parser(text).parse(); }

}  // namespace qatc
