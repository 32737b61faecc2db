#include "emit/driver.h"

#include <sstream>

#include "emit/c_text.h"
#include "emit/constants.h"
#include "emit/driver_images.h"
#include "emit/driver_layout.h"
#include "emit/driver_stages.h"
#include "emit/fill_template.h"
#include "emit/symbols.h"
#include "plan/kernel_argument.h"

namespace qatc {

namespace {

/// What a function writes to a stream.
template <class Write, class... Arguments>
std::string written(const Write& write, const Arguments&... arguments) {
  std::ostringstream out;
  write(out, arguments...);
  return out.str();
}

std::string constant_declarations(const Plan& plan, const std::string& prefix) {
  std::string lines;
  for (const Constant& constant : declare_constants(plan, prefix)) {
    lines += "extern const " + constant.c_type + " " + constant.symbol + "[];\n";
  }
  return lines;
}

std::string parameter_type(const KernelSpec& spec, const KernelArgument& argument) {
  if (is_buffer(argument)) return "qatc_buffer* ";
  return c_scalar_type(spec, argument) + std::string(" ");
}

std::string kernel_declarations(const Plan& plan, const std::string& prefix) {
  std::string lines;
  for (size_t k = 0; k < plan.kernels.size(); ++k) {
    const KernelSpec& spec = plan.kernels[k];
    std::string parameters;
    for (const KernelArgument& argument : kernel_arguments(spec)) {
      parameters += (parameters.empty() ? "" : ", ") + parameter_type(spec, argument) + argument_name(argument);
    }
    lines += "/* " + signature(spec) + " */\nint " + kernel_symbol(plan, prefix, static_cast<int>(k)) + "(" +
             parameters + ");\n";
  }
  return lines;
}

/// The body of check_size.
std::string size_checks(const Plan& plan, const std::string& name) {
  const std::string macro = c_macro(name);
  if (is_one_size(plan.limits)) {
    return "  return height == " + macro + "_MIN_HEIGHT && width == " + macro +
           "_MIN_WIDTH ? QATC_OK : QATC_SIZE_UNSUPPORTED;\n";
  }
  std::string lines =
      "  if (height < " + macro + "_MIN_HEIGHT || width < " + macro + "_MIN_WIDTH) return QATC_SIZE_TOO_SMALL;\n" +
      "  if (height > " + macro + "_MAX_HEIGHT || width > " + macro + "_MAX_WIDTH) return QATC_SIZE_TOO_LARGE;\n" +
      "  /* Kernels count bytes within a tensor in int32. */\n  frame f;\n  lay_out(&f, height, width, NULL);\n";
  for (size_t i = 0; i < plan.tensors.size(); ++i) {
    lines += "  if (qatc_tensor_bytes(&f.t" + c_number(i) + ") > INT32_MAX) return QATC_SIZE_TOO_LARGE;\n";
  }
  return lines + "  return QATC_OK;\n";
}

std::string overlap_check(const Plan& plan) {
  const InPlace sharing = in_place(plan);
  if (sharing == InPlace::kAlways) return "";
  return "  if (status == QATC_OK) status = qatc_check_overlap(input, output, " +
         c_number(sharing == InPlace::kSameRows ? 1 : 0) + ");\n";
}

std::string stage_runs(const Plan& plan) {
  std::string lines;
  for (size_t i = 0; i < plan.stages.size(); ++i) {
    const Stage& stage = plan.stages[i];
    const std::string rows =
        stage.kind == Stage::Kind::kNorm ? "1" : "f.t" + c_number(split_tensor(plan, stage)) + ".height";
    lines += "  run_stage(&f, " + rows + ", stage" + c_number(i) + ");\n";
  }
  return lines;
}

}  // namespace

std::string emit_driver(const Plan& plan, const std::string& name, const std::string& prefix) {
  const PlanTensor& in = plan.tensors[static_cast<size_t>(plan.input_tensor)];
  const PlanTensor& out = plan.tensors[static_cast<size_t>(plan.output_tensor)];
  // In a library with several drivers, the dispatcher defines _run_on (emit/dispatcher.h).
  const bool has_dispatcher = prefix != name;
  const TemplateValues values{
      {"name", name},
      {"prefix", prefix},
      {"constants", constant_declarations(plan, prefix)},
      {"kernels", kernel_declarations(plan, prefix)},
      {"layout", written(write_layout, plan)},
      {"images", written(write_images, plan, prefix)},
      {"stages", written(write_stages, plan, prefix)},
      {"size_checks", size_checks(plan, name)},
      {"out_height", c_extent(out.height)},
      {"out_width", c_extent(out.width)},
      {"out_channels", c_number(out.channels)},
      {"in_channels", c_number(in.channels)},
      {"overlap_check", overlap_check(plan)},
      {"stage_runs", stage_runs(plan)},
      {"run_on", has_dispatcher ? "" : fill_template("run_on.c.in", {{"name", name}})},
  };
  return fill_template("driver.c.in", values);
}

}  // namespace qatc
