#include "lower/intrinsics/quotient_ir.h"

#include <cstdio>
#include <string>

namespace qatc {

namespace {

void quotient_form(int lanes, const std::string& element) {
  const bool is_scalar = lanes == 1;
  const bool is_double = element == "double";
  const std::string type = is_scalar ? element : typed(lanes, element);
  const std::string suffix = fma_suffix(lanes, element);
  const char* t = type.c_str();
  const char* e = element.c_str();
  std::printf("define weak_odr %s @qatc_quotient%s%s(%s %%divisor, %s %%value) alwaysinline nounwind readnone {\n", t,
              is_double ? "_double" : "", is_scalar ? "" : ("x" + std::to_string(lanes)).c_str(), e, t);
  const char* one = is_scalar ? "" : "_one";
  std::printf("  %%reciprocal%s = fdiv %s 1.0, %%divisor\n  %%negative%s = fneg %s %%divisor\n", one, e, one, e);
  for (const char* name : {"reciprocal", "negative"}) {
    if (is_scalar) break;
    std::printf("  %%%s0 = insertelement %s undef, %s %%%s_one, i64 0\n", name, t, e, name);
    std::printf("  %%%s = shufflevector %s %%%s0, %s undef, %s\n", name, t, name, t,
                indices(lanes, [](int) { return 0; }).c_str());
  }
  std::printf("  %%q0 = fmul %s %%value, %%reciprocal\n", t);
  for (int step = 0; step < 2; ++step) {
    std::printf("  %%r%d = call %s @llvm.fma.%s(%s %%negative, %s %%q%d, %s %%value)\n", step, t, suffix.c_str(), t, t,
                step, t);
    std::printf("  %%q%d = call %s @llvm.fma.%s(%s %%r%d, %s %%reciprocal, %s %%q%d)\n", step + 1, t, suffix.c_str(), t,
                step, t, t, step);
  }
  std::printf("  ret %s %%q2\n}\n", t);
}

}  // namespace

void write_quotient_ir(IrIsa isa) {
  if (isa != IrIsa::kAvx2 && isa != IrIsa::kAvx512Vnni) return;
  for (const char* element : {"float", "double"}) {
    declare_fma(1, element);
    quotient_form(1, element);
    for (int lanes = kLaneStep; lanes <= kMostLanes; lanes += kLaneStep) quotient_form(lanes, element);
  }
}

}  // namespace qatc
