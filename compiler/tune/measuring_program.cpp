#include "tune/measuring_program.h"

#include "emit/c_text.h"
#include "emit/constants.h"
#include "emit/write_constants.h"
#include "plan/kernel_argument.h"
#include "support/embedded.h"
#include "support/error.h"
#include "support/files.h"
#include "support/process.h"

namespace qatc {

namespace {

using Kind = KernelArgument::Kind;

std::string number(int64_t value) { return std::to_string(value); }

/// The C file with one function a candidate, each of which binds the kernel's arguments as a driver does.
class KernelsSource {
 public:
  KernelsSource(const KernelSpec& spec, const MeasuredCall& call, const std::vector<MeasuredCandidate>& candidates)
      : spec_(spec), call_(call), candidates_(candidates), arguments_(kernel_arguments(spec)) {}

  std::string text() {
    text_ = "#include \"measure_kernel.h\"\n";
    for (const MeasuredCandidate& candidate : candidates_) write_candidate(candidate);
    text_ += "const candidate candidates[] = {";
    for (const MeasuredCandidate& candidate : candidates_) text_ += "run_" + candidate.symbol + ", ";
    text_ += "};\nconst input_shape input_shapes[] = {";
    for (size_t i = 0; i < spec_.inputs.size(); ++i) write_shape(i);
    text_ += "};\n";
    const auto sums = spec_.summed >= 0 ? 2 : 0;
    write_number("candidate_count", static_cast<int64_t>(candidates_.size()));
    write_number("input_count", static_cast<int64_t>(spec_.inputs.size()));
    write_number("output_count", static_cast<int64_t>(spec_.outputs.size()));
    write_number("sums_count", sums);
    write_number("out_rows", call_.rows);
    write_number("out_width", call_.width);
    write_number("out_channels", spec_.out_pixel_stride);
    write_number("out_values", call_.channels);
    return text_;
  }

 private:
  void write_number(const std::string& name, int64_t value) {
    text_ += "const int32_t " + name + " = " + number(value) + ";\n";
  }

  void write_shape(size_t input) {
    text_ += "{" + number(call_.inputs[input].height) + ", " + number(call_.inputs[input].width) + ", " +
             number(spec_.inputs[input]) + ", {";
    for (int64_t side : call_.inputs[input].border) text_ += number(side) + ", ";
    text_ += "}}, ";
  }

  void write_candidate(const MeasuredCandidate& candidate) {
    const std::string pairs =
        call_.is_upsampled ? "  const qatc_pairs pairs = {{0, " + number(call_.rows) + "}, 0, 0, 1};\n" : "";
    std::string parameters;
    std::string constants;
    std::string body;
    std::string values;
    for (const KernelArgument& argument : arguments_) {
      const std::string comma = parameters.empty() ? "" : ", ";
      const std::string name = argument_name(argument);
      const std::string constant = candidate.symbol + "_" + name;
      if (is_constant(argument)) constants += "extern const uint8_t " + constant + "[];\n";
      if (is_buffer(argument)) {
        parameters += comma + "qatc_buffer*";
        body += "  qatc_buffer " + name + ";\n  " + binding(argument, constant) + ";\n";
        values += comma + "&" + name;
      } else {
        parameters += comma + c_scalar_type(spec_, argument);
        values += comma + scalar(argument, constant);
      }
    }
    text_ += constants + "int " + candidate.symbol + "(" + parameters + ");\nstatic int run_" + candidate.symbol +
             "(const call_data* data) {\n  (void)data;\n" + pairs + body + "  return " + candidate.symbol + "(" +
             values + ");\n}\n";
  }

  std::string binding(const KernelArgument& argument, const std::string& constant) const {
    const std::string buffer = "&" + argument_name(argument);
    const std::string index = number(argument.index);
    const bool exact = spec_.rounding == Rounding::kExact;
    if (is_constant(argument)) return "qatc_bind_constant(" + buffer + ", " + constant + ")";
    switch (argument.kind) {
      case Kind::kInput:
        return "qatc_bind_input(" + buffer + ", &data->inputs[" + index + "])";
      case Kind::kOutput:
        if (call_.is_upsampled) return "qatc_bind_pairs(" + buffer + ", &data->outputs[" + index + "], &pairs)";
        return "qatc_bind_output(" + buffer + ", &data->outputs[" + index + "], 0, 0, out_rows)";
      case Kind::kSums:
      case Kind::kSquares: {
        const std::string which = argument.kind == Kind::kSums ? "0" : "1";
        return "qatc_bind_sums(" + buffer + ", data->sums[" + which + "], out_channels, 0, out_rows)";
      }
      case Kind::kXMap:
      case Kind::kYMap: {
        const int input = spec_.steps[static_cast<size_t>(argument.index)].input;
        const std::string map = argument.kind == Kind::kXMap ? "x_maps" : "y_maps";
        return "qatc_bind_constant(" + buffer + ", data->" + map + "[" + number(input) + "])";
      }
      case Kind::kAffineA:
      case Kind::kAffineB:
        return "qatc_bind_constant(" + buffer + ", data->" + (exact ? "doubles)" : "floats)");
      default:
        break;
    }
    QATC_CHECK(false, "no buffer: " + argument_name(argument));
  }

  /// Numbers that keep results in the middle of their range; speed and bytes' equality depend on none of them.
  static std::string scalar(const KernelArgument& argument, const std::string& constant) {
    if (is_constant(argument)) return "(uint64_t)(uintptr_t)" + constant;
    switch (argument.kind) {
      case Kind::kRowsApart:
        return "pairs.apart";
      case Kind::kZeroPointOut:
        return "3";
      case Kind::kZeroPointA:
      case Kind::kZeroPointB:
        return "7";
      case Kind::kScaleA:
      case Kind::kScaleB:
      case Kind::kScaleOut:
        return "0.375";
      default:
        break;
    }
    QATC_CHECK(false, "no scalar: " + argument_name(argument));
  }

  const KernelSpec& spec_;
  const MeasuredCall& call_;
  const std::vector<MeasuredCandidate>& candidates_;
  const std::vector<KernelArgument> arguments_;
  std::string text_;
};

/// The packed weights and tables of all candidates.
std::vector<Constant> pack_candidates(const Plan& plan, const MeasuredCall& call,
                                      const std::vector<MeasuredCandidate>& candidates, Isa isa) {
  std::vector<Constant> constants;
  for (const MeasuredCandidate& candidate : candidates) {
    for (const KernelArgument& argument : kernel_arguments(plan.kernels[static_cast<size_t>(call.kernel)])) {
      if (!is_constant(argument)) continue;
      constants.push_back({candidate.symbol + "_" + argument_name(argument), "uint8_t",
                           pack_argument(plan, call.call, call.kernel, argument, candidate.schedule, isa)});
    }
  }
  return constants;
}

}  // namespace

void build_measuring_program(const Plan& plan, const MeasuredCall& call,
                             const std::vector<MeasuredCandidate>& candidates, const Target& target,
                             const std::vector<std::string>& compiler, const std::string& scratch,
                             const std::string& program) {
  const KernelSpec& spec = plan.kernels[static_cast<size_t>(call.kernel)];
  write_embedded_files(
      {"measure_kernel.c", "measure_kernel.h", "qatc_runtime.h", "qatc_runtime.c", "qatc_driver_support.h"}, scratch);
  write_file_atomically(scratch + "/kernels.c", KernelsSource(spec, call, candidates).text());
  write_constants(pack_candidates(plan, call, candidates, target.isa), target, scratch + "/constants");
  std::vector<std::string> command = compiler;
  command.insert(command.end(), {"-O2", "-ffp-contract=off", "-I" + scratch, scratch + "/measure_kernel.c",
                                 scratch + "/kernels.c", scratch + "/qatc_runtime.c", scratch + "/constants.s"});
  for (const MeasuredCandidate& candidate : candidates) command.push_back(candidate.object);
  command.insert(command.end(), {"-lm", "-o", program});
  const ProcessResult result = run_process(command);
  if (result.status == 0) return;
  throw UserError(compiler[0] + " cannot build the measuring program for target '" + target.name +
                  "': " + result.err.substr(0, result.err.find('\n')));
}

}  // namespace qatc
