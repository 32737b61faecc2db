#include "ir/parse.h"

#include <cctype>
#include <charconv>
#include <map>

#include "support/error.h"

namespace qatc {

namespace {

/// Reads one line from left to right.
class Line {
 public:
  Line(std::string_view text, int number) : text_(text), number_(number) {}

  [[noreturn]] void fail(const std::string& message) const {
    throw UserError("line " + std::to_string(number_) + ", column " + std::to_string(position_ + 1) + ": " + message);
  }

  bool at_end() {
    skip_spaces();
    return position_ == text_.size();
  }
  bool accept(std::string_view token) {
    skip_spaces();
    if (text_.substr(position_, token.size()) != token) return false;
    position_ += token.size();
    return true;
  }
  void expect(std::string_view token) {
    if (!accept(token)) fail("expected '" + std::string(token) + "'");
  }
  void expect_end() {
    if (!at_end()) fail("unexpected text");
  }

  std::string word() {
    skip_spaces();
    const size_t begin = position_;
    while (position_ < text_.size() && (std::isalnum(byte()) != 0 || text_[position_] == '_')) ++position_;
    if (begin == position_) fail("expected a name");
    return std::string(text_.substr(begin, position_ - begin));
  }

  std::string quoted(char quote) {
    expect({&quote, 1});
    std::string result;
    while (position_ < text_.size() && text_[position_] != quote) {
      if (text_[position_] != '\\') {
        result += text_[position_++];
        continue;
      }
      ++position_;
      if (position_ < text_.size() && text_[position_] == 'x') {
        ++position_;
        unsigned code = 0;
        const char* begin = text_.data() + position_;
        const size_t digits = std::min<size_t>(2, text_.size() - position_);
        const auto [end, error] = std::from_chars(begin, begin + digits, code, 16);
        if (error != std::errc() || end != begin + 2) fail("expected two hexadecimal digits");
        position_ += 2;
        result += static_cast<char>(code);
      } else if (position_ < text_.size()) {
        result += text_[position_++];
      }
    }
    if (position_ == text_.size()) fail("unterminated name");
    ++position_;
    return result;
  }

  std::string value_name() {
    expect("%");
    if (position_ < text_.size() && text_[position_] == '"') return quoted('"');
    const size_t begin = position_;
    const auto plain = [this] {
      const char c = text_[position_];
      return std::isalnum(byte()) != 0 || c == '_' || c == '.' || c == '/' || c == '-';
    };
    while (position_ < text_.size() && plain()) ++position_;
    if (begin == position_) fail("expected a value name after '%'");
    return std::string(text_.substr(begin, position_ - begin));
  }

  template <class T>
  T number() {
    skip_spaces();
    T value{};
    const char* begin = text_.data() + position_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
    if (error != std::errc()) fail("expected a number");
    position_ += static_cast<size_t>(end - begin);
    return value;
  }

  /// A float32, or a double with the suffix d.
  double real() {
    const size_t begin = position_;
    const auto wide = number<double>();
    if (position_ < text_.size() && text_[position_] == 'd') {
      ++position_;
      return wide;
    }
    position_ = begin;
    return number<float>();
  }

  /// Up to the next comma or bracket that closes a list; extents contain neither.
  Extent extent() {
    const size_t end = std::min(text_.find_first_of(",]", position_), text_.size());
    try {
      Extent result = Extent::parse(text_.substr(position_, end - position_));
      position_ = end;
      return result;
    } catch (const UserError& error) {
      fail(error.what());
    }
  }

  /// Elements separated by commas up to `close`, which is consumed.
  template <class F>
  void list(std::string_view close, F element) {
    if (accept(close)) return;
    do element();
    while (accept(","));
    expect(close);
  }

 private:
  unsigned char byte() const { return static_cast<unsigned char>(text_[position_]); }
  void skip_spaces() {
    while (position_ < text_.size() && (text_[position_] == ' ' || text_[position_] == '\t')) ++position_;
  }

  std::string_view text_;
  size_t position_ = 0;
  int number_;
};

DType parse_dtype(Line& line) {
  const std::string name = line.word();
  for (DType dtype : {DType::kF32, DType::kU8, DType::kI8, DType::kI32}) {
    if (dtype_name(dtype) == name) return dtype;
  }
  line.fail("unknown type '" + name + "'");
}

QuantParams parse_quant(Line& line) {
  QuantParams quant;
  line.expect("(");
  if (line.accept("[")) {
    line.list("]", [&] { quant.scale.push_back(line.number<float>()); });
    line.expect(",");
    line.expect("[");
    line.list("]", [&] { quant.zero_point.push_back(line.number<int32_t>()); });
    line.expect(",");
    line.expect("axis");
    quant.axis = line.number<int>();
    if (quant.scale.size() != quant.zero_point.size()) line.fail("as many scales as zero points expected");
  } else {
    quant.scale.push_back(line.number<float>());
    line.expect(",");
    quant.zero_point.push_back(line.number<int32_t>());
  }
  line.expect(")");
  return quant;
}

TensorType parse_type(Line& line) {
  TensorType type;
  type.dtype = parse_dtype(line);
  line.expect("[");
  line.list("]", [&] { type.shape.push_back(line.extent()); });
  if (line.accept("quant")) type.quant = parse_quant(line);
  return type;
}

Tensor parse_elements(Line& line, const TensorType& type) {
  if (line.accept("digest")) line.fail("the constant's elements are missing: only their digest is given");
  Tensor tensor;
  tensor.dtype = type.dtype;
  for (const Extent& extent : type.shape) {
    if (!extent.is_constant()) line.fail("a constant's shape must be constant");
    tensor.shape.push_back(extent.constant());
  }
  line.expect("{");
  line.list("}", [&] {
    if (type.is_real()) {
      tensor.real.push_back(line.real());
    } else {
      tensor.integers.push_back(line.number<int32_t>());
    }
  });
  if (static_cast<int64_t>(tensor.real.size() + tensor.integers.size()) != tensor.size()) {
    line.fail("expected " + std::to_string(tensor.size()) + " elements");
  }
  return tensor;
}

/// Reads the value of the attribute `name` when visited; `found` tells whether there was one.
struct AttributeParser {
  Line& line;
  std::string name;
  bool found = false;

  void read(float& value) const { value = line.number<float>(); }
  void read(int64_t& value) const { value = line.number<int64_t>(); }
  void read(Extent& value) const { value = line.extent(); }
  template <class T, size_t N>
  void read(std::array<T, N>& values) const {
    line.expect("[");
    for (size_t i = 0; i < N; ++i) {
      if (i > 0) line.expect(",");
      read(values[i]);
    }
    line.expect("]");
  }
  template <class T>
  void operator()(const char* attribute, T& value) {
    if (name != attribute) return;
    found = true;
    read(value);
  }
};

void parse_attributes(Line& line, Op& op) {
  line.list("}", [&] {
    AttributeParser parser{line, line.word()};
    line.expect("=");
    std::visit(
        [&parser]<class OpType>(OpType& attributes) {
          if constexpr (!std::is_same_v<OpType, std::monostate>) OpType::visit_attributes(attributes, parser);
        },
        op);
    if (!parser.found) line.fail("unknown attribute '" + parser.name + "'");
  });
}

Op parse_op(Line& line) {
  const std::string name = line.word();
#define QATC_OP(Type, stem) \
  if (name == #stem) return Type();
#include "ir/ops.def"
#undef QATC_OP
  line.fail("unknown op '" + name + "'");
}

class GraphParser {
 public:
  void parse_line(Line& line) {
    if (line.at_end() || line.accept("#")) return;
    if (line.accept("graph ")) {
      graph_.name = line.quoted('\'');
    } else if (line.accept("input ")) {
      const std::string name = line.value_name();
      line.expect(":");
      define(line, name, graph_.add_input(name, parse_type(line)));
    } else if (line.accept("const ")) {
      const std::string name = line.value_name();
      line.expect(":");
      TensorType type = parse_type(line);
      line.expect("=");
      Tensor elements = parse_elements(line, type);
      define(line, name, graph_.add_constant(name, std::move(type), std::move(elements)));
    } else if (line.accept("output ")) {
      graph_.add_output(use(line));
    } else {
      parse_node(line);
    }
    line.expect_end();
  }

  Graph take() { return std::move(graph_); }

 private:
  void parse_node(Line& line) {
    const std::string name = line.value_name();
    line.expect(":");
    TensorType type = parse_type(line);
    line.expect("=");
    Op op = parse_op(line);
    std::vector<ValueId> inputs;
    line.expect("(");
    line.list(")", [&] { inputs.push_back(use(line)); });
    if (line.accept("{")) parse_attributes(line, op);
    std::vector<Origin> origins;
    if (line.accept("from")) {
      do {
        std::string origin = line.quoted('\'');
        line.expect("(");
        origins.push_back({std::move(origin), line.word()});
        line.expect(")");
      } while (line.accept(","));
    }
    define(line, name, graph_.add_node(std::move(op), std::move(inputs), name, std::move(type), std::move(origins)));
  }

  void define(Line& line, const std::string& name, ValueId id) {
    if (!values_.emplace(name, id).second) line.fail("the value '" + name + "' is defined twice");
  }
  ValueId use(Line& line) {
    const std::string name = line.value_name();
    const auto found = values_.find(name);
    if (found == values_.end()) line.fail("unknown value '" + name + "'");
    return found->second;
  }

  Graph graph_;
  std::map<std::string, ValueId> values_;
};

}  // namespace

Graph parse(std::string_view text) {
  GraphParser parser;
  int number = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    Line line(text.substr(0, end), ++number);
    parser.parse_line(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parser.take();
}

}  // namespace qatc
