#include "emit/manifest.h"

#include <nlohmann/json.hpp>

#include "emit/dispatcher.h"
#include "emit/symbols.h"

namespace qatc {

std::string emit_manifest(const Plan& plan, const std::string& name, const TargetSet& set, size_t library_bytes) {
  using Json = nlohmann::ordered_json;
  const auto tensor = [&](int id) {
    const PlanTensor& t = plan.tensors[static_cast<size_t>(id)];
    return Json{{"height", t.height.to_string()}, {"width", t.width.to_string()}, {"channels", t.channels}};
  };
  Json manifest;
  manifest["name"] = name;
  manifest["qatc_version"] = QATC_VERSION;
  manifest["target"] = platform_name(set.targets.front());
  Json& isas = manifest["instruction_sets"] = Json::array();
  for (const Target& target : set.targets) isas.push_back(isa_name(target.isa));
  manifest["rounding"] = plan.rounding == Rounding::kExact ? "exact" : "float";
  manifest["input"] = tensor(plan.input_tensor);
  manifest["output"] = tensor(plan.output_tensor);
  manifest["min_size"] = {plan.limits.min_height, plan.limits.min_width};
  manifest["max_size"] = {plan.limits.max_height, plan.limits.max_width};
  manifest["library_bytes"] = library_bytes;
  Json kernels = Json::array();
  for (size_t k = 0; k < plan.kernels.size(); ++k) {
    Json nodes = Json::array();
    for (const Stage& stage : plan.stages) {
      for (const KernelCall& call : stage.calls) {
        if (call.kernel != static_cast<int>(k)) continue;
        Json call_nodes = Json::array();
        for (const Origin& origin : call.origins) call_nodes.push_back(origin.name);
        nodes.push_back(call_nodes);
      }
    }
    Json symbols;
    for (const Target& target : set.targets) {
      const std::string prefix = symbol_prefix(name, set, target.isa);
      symbols[std::string(isa_name(target.isa))] = kernel_symbol(plan, prefix, static_cast<int>(k));
    }
    kernels.push_back({{"symbols", symbols}, {"signature", signature(plan.kernels[k])}, {"calls", nodes}});
  }
  manifest["kernels"] = kernels;
  return manifest.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace qatc
