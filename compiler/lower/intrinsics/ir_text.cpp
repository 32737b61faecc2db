#include "lower/intrinsics/ir_text.h"

#include <cstdio>

namespace qatc {

namespace {

bool has_opaque_pointers = false;

}  // namespace

bool has_fma(IrIsa isa) { return isa != IrIsa::kSse2; }

void set_llvm_major(int major) { has_opaque_pointers = major >= 15; }

std::string pointer_to(const std::string& type) { return has_opaque_pointers ? "ptr" : type + "*"; }

std::string typed(int lanes, const std::string& element) { return "<" + std::to_string(lanes) + " x " + element + ">"; }

std::string indices(int count, const std::function<int(int)>& index) {
  std::string text = typed(count, "i32") + " <";
  for (int i = 0; i < count; ++i) {
    const int at = index(i);
    text += (i > 0 ? ", i32 " : "i32 ") + (at < 0 ? "undef" : std::to_string(at));
  }
  return text + ">";
}

std::string splat(int lanes, const std::string& element, const std::string& value) {
  std::string text = "<";
  for (int i = 0; i < lanes; ++i) text += (i > 0 ? ", " : "") + element + " " + value;
  return text + ">";
}

std::string fma_suffix(int lanes, const std::string& element) {
  return (lanes == 1 ? "" : "v" + std::to_string(lanes)) + (element == "double" ? "f64" : "f32");
}

void declare_fma(int lanes, const std::string& element) {
  const std::string type = lanes == 1 ? element : typed(lanes, element);
  const char* t = type.c_str();
  std::printf("declare %s @llvm.fma.%s(%s, %s, %s)\n", t, fma_suffix(lanes, element).c_str(), t, t, t);
}

}  // namespace qatc
