#include "emit/dispatcher.h"

#include "emit/fill_template.h"
#include "support/error.h"

namespace qatc {

std::string symbol_prefix(const std::string& name, const TargetSet& set, Isa isa) {
  return set.is_list ? name + "_for_" + std::string(isa_name(isa)) : name;
}

std::string emit_dispatcher(const std::string& name, const TargetSet& set) {
  QATC_CHECK(set.is_list && !set.targets.empty(), "nothing to choose from");
  std::string declarations;
  std::string choices;
  bool has_base = false;
  for (const Target& target : set.targets) {
    const std::string run = symbol_prefix(name, set, target.isa) + "_run";
    declarations += "qatc_status " + run +
                    "(const qatc_image* input, const qatc_image* output, void* arena, size_t arena_size, "
                    "const qatc_executor* executor);\n";
    has_base = required_features(target.isa) == 0;
    choices += "  " +
               (has_base ? "" : "if ((features & " + std::string(required_feature_name(target.isa)) + ") != 0) ") +
               "return " + run + "(input, output, arena, arena_size, executor);\n";
  }
  if (!has_base) choices += "  return QATC_CPU_UNSUPPORTED;\n";
  // Sizes do not depend on the instruction set: every driver is one text.
  const std::string any = symbol_prefix(name, set, set.targets.front().isa);
  return fill_template("dispatcher.c.in",
                       {{"name", name}, {"declarations", declarations}, {"any", any}, {"choices", choices}});
}

}  // namespace qatc
