#include "ir/print.h"

#include <bit>
#include <charconv>
#include <cstdio>

#include "support/hash.h"
#include "support/text.h"

namespace qatc {

namespace {

constexpr size_t kSmallConstant = 16;

template <class T>
std::string number(T value) {
  char buffer[40];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr};
}

std::string real(double value) {
  const auto narrow = static_cast<float>(value);
  if (std::bit_cast<uint64_t>(static_cast<double>(narrow)) == std::bit_cast<uint64_t>(value)) return number(narrow);
  return number(value) + "d";
}

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
         c == '/' || c == '-';
}

std::string quoted(const std::string& text, char quote) {
  std::string result(1, quote);
  for (char c : text) {
    if (c == quote || c == '\\') {
      result += '\\';
      result += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\x%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
      result += escape;
    } else {
      result += c;
    }
  }
  return result + quote;
}

std::string value_name(const std::string& name) {
  bool plain = !name.empty();
  for (char c : name) plain = plain && is_plain(c);
  return "%" + (plain ? name : quoted(name, '"'));
}

std::string enclose(char open, const std::string& text, char close) {
  std::string result(1, open);
  result += text;
  result += close;
  return result;
}

struct AttributePrinter {
  std::vector<std::pair<std::string, std::string>> fields;

  static std::string text(float value) { return number(value); }
  static std::string text(int64_t value) { return number(value); }
  static std::string text(const Extent& value) { return value.to_string(); }
  template <class T, size_t N>
  static std::string text(const std::array<T, N>& values) {
    return enclose('[', join(values, [](const T& v) { return text(v); }), ']');
  }
  template <class T>
  void operator()(const char* name, const T& value) {
    fields.emplace_back(name, text(value));
  }
};

std::string print_quant(const QuantParams& quant) {
  const std::string scale = join(quant.scale, [](float s) { return number(s); });
  const std::string zero_point = join(quant.zero_point, [](int32_t z) { return number(z); });
  if (!quant.axis) return "quant(" + scale + ", " + zero_point + ")";
  return "quant([" + scale + "], [" + zero_point + "], axis " + number(*quant.axis) + ")";
}

std::string print_elements(const Tensor& tensor, PrintOptions options) {
  if (options.constants != PrintOptions::kAll && static_cast<size_t>(tensor.size()) > kSmallConstant) {
    char text[32];
    std::snprintf(text, sizeof text, "digest %016llx", static_cast<unsigned long long>(digest(tensor)));
    return text;
  }
  if (tensor.dtype == DType::kF32) return enclose('{', join(tensor.real, real), '}');
  return enclose('{', join(tensor.integers, [](int32_t v) { return number(v); }), '}');
}

}  // namespace

uint64_t digest(const Tensor& tensor) {
  uint64_t hash = fnv1a("");
  const auto mix = [&hash](uint64_t word) {
    hash = fnv1a({reinterpret_cast<const char*>(&word), sizeof word}, hash);  // hosts are little-endian
  };
  mix(static_cast<uint64_t>(tensor.dtype));
  for (int64_t extent : tensor.shape) mix(static_cast<uint64_t>(extent));
  for (double v : tensor.real) mix(std::bit_cast<uint64_t>(v));
  for (int32_t v : tensor.integers) mix(static_cast<uint64_t>(v));
  return hash;
}

std::string print(const TensorType& type) {
  std::string text(dtype_name(type.dtype));
  text += enclose('[', join(type.shape, &Extent::to_string), ']');
  if (type.quant) text += " " + print_quant(*type.quant);
  return text;
}

std::string print_attributes(const Op& op) {
  return std::visit(
      []<class OpType>(const OpType& attributes) -> std::string {
        if constexpr (std::is_same_v<OpType, std::monostate>) {
          return "";
        } else {
          AttributePrinter actual;
          AttributePrinter fallback;
          OpType::visit_attributes(attributes, actual);
          const OpType defaults{};
          OpType::visit_attributes(defaults, fallback);
          std::string text;
          for (size_t i = 0; i < actual.fields.size(); ++i) {
            const auto& [name, value] = actual.fields[i];
            if (value != fallback.fields[i].second) text += (text.empty() ? "" : ", ") + name + " = " + value;
          }
          return text.empty() ? text : enclose('{', text, '}');
        }
      },
      op);
}

std::string print(const Graph& graph, PrintOptions options) {
  std::string text = "graph " + quoted(graph.name, '\'') + "\n";
  for (ValueId id : graph.inputs()) {
    text += "input " + value_name(graph.value(id).name) + ": " + print(graph.type(id)) + "\n";
  }
  std::vector<bool> printed(graph.value_count());
  const auto print_constant = [&](ValueId id) {
    const Value& value = graph.value(id);
    if (!value.constant || printed[index(id)]) return;
    printed[index(id)] = true;
    text += "const " + value_name(value.name) + ": " + print(value.type) + " = " +
            print_elements(*value.constant, options) + "\n";
  };
  const auto use = [&](ValueId id) { return value_name(graph.value(id).name); };
  for (NodeId id : graph.schedule_order()) {
    const Node& node = graph.node(id);
    for (ValueId input : node.inputs) print_constant(input);
    text += use(node.output) + ": " + print(graph.type(node.output)) + " = " + std::string(op_name(node.op));
    text += enclose('(', join(node.inputs, use), ')');
    const std::string attributes = print_attributes(node.op);
    if (!attributes.empty()) text += " " + attributes;
    if (!node.origins.empty()) {
      text +=
          " from " + join(node.origins, [](const Origin& o) { return quoted(o.name, '\'') + " (" + o.op_type + ")"; });
    }
    text += "\n";
  }
  for (ValueId id : graph.outputs()) {
    print_constant(id);
    text += "output " + use(id) + "\n";
  }
  return text;
}

}  // namespace qatc
