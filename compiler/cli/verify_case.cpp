#include "cli/verify_case.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <vector>

#include "cli/compile_network.h"
#include "cli/example_program.h"
#include "frontend/read_tensor.h"
#include "ops/evaluate.h"
#include "support/error.h"
#include "support/files.h"
#include "support/interruption.h"
#include "support/jobs.h"

namespace qatc {

namespace {

namespace fs = std::filesystem;

struct DataSet {
  int number;
  std::string folder;
};

/// The test_data_set_N folders in the order of N.
std::vector<DataSet> find_data_sets(const std::string& folder) {
  constexpr std::string_view kPrefix = "test_data_set_";
  std::vector<DataSet> sets;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    int number = 0;
    const char* end = name.data() + name.size();
    if (name.rfind(kPrefix, 0) == 0 && std::from_chars(name.data() + kPrefix.size(), end, number).ptr == end &&
        entry.is_directory()) {
      sets.push_back({number, entry.path().string()});
    }
  }
  if (error) throw UserError("cannot read " + folder + ": " + error.message());
  if (sets.empty()) throw UserError(folder + ": there is no folder test_data_set_0");
  std::sort(sets.begin(), sets.end(), [](const DataSet& a, const DataSet& b) { return a.number < b.number; });
  return sets;
}

Tensor read_image(const std::string& path) {
  const Tensor tensor = read_tensor(path);
  if (tensor.shape.size() != 4 || tensor.shape[0] != 1 || tensor.real.empty()) {
    throw UserError(path + ": must hold one image, 1 x channels x height x width, is " + shape_text(tensor.shape));
  }
  return to_nhwc(tensor);
}

std::string float_bytes(const Tensor& tensor) {
  std::string bytes;
  bytes.reserve(tensor.real.size() * sizeof(float));
  for (double value : tensor.real) {
    const auto element = static_cast<float>(value);
    char stored[sizeof element];
    std::memcpy(stored, &element, sizeof element);
    bytes.append(stored, sizeof element);
  }
  return bytes;
}

/// A tensor of `like`'s shape and type.
Tensor tensor_of_bytes(const std::string& bytes, Tensor like, const std::string& path) {
  if (bytes.size() != like.real.size() * sizeof(float)) {
    throw InternalError(path + " holds " + std::to_string(bytes.size()) + " bytes, not " +
                        std::to_string(like.real.size() * sizeof(float)));
  }
  for (size_t i = 0; i < like.real.size(); ++i) {
    float element = 0;
    std::memcpy(&element, bytes.data() + i * sizeof element, sizeof element);
    like.real[i] = element;
  }
  return like;
}

/// The model as a program for the target.
class CompiledCase {
 public:
  CompiledCase(const std::string& model, const std::string& folder, const VerifyOptions& options)
      : folder_(folder), threads_(options.threads) {
    const TargetSet set = parse_target_set(options.target);
    const Target& target = set.targets.front();
    const std::vector<std::string> compiler = c_compiler(target, options.compiler);
    command_ = program_runner(target, options.runner);
    ModelOptions model_options;
    model_options.model = model;
    model_options.rounding = options.rounding;
    plan_ = plan_model(model_options);
    CompileOptions compile_options;
    compile_options.name = "network";
    compile_options.targets = {set.name};
    compile_options.output = folder;
    compile_options.scheduler = options.scheduler;
    compile_options.tables = options.tables;
    compile_options.jobs = options.jobs;
    compile_network(plan_, compile_options);
    command_.push_back(folder + "/run_case");
    build_example(Example::kRunCase, {folder, set.folder, compile_options.name}, target, compiler, command_.back());
    choose_codes(set);
  }

  /// The code of one instruction set, as an argument of the program.
  struct Code {
    std::string instruction_set;  // empty: the only one
    std::vector<std::string> arguments;
  };
  const std::vector<Code>& codes() const { return codes_; }
  /// What is told of those that cannot run.
  const std::vector<std::string>& errors() const { return errors_; }

  /// `like`: a result of this shape. `what`: whose input it is, for messages.
  Tensor run(const Code& code, const Tensor& input, const Tensor& like, const std::string& what) const {
    const std::string in = folder_ + "/in.bin";
    const std::string out = folder_ + "/out.bin";
    write_file_atomically(in, float_bytes(to_nchw(input)));
    std::error_code ignored;
    fs::remove(out, ignored);
    std::vector<std::string> command = command_;
    command.insert(command.end(), {in, out});
    for (size_t i = 1; i < 4; ++i) command.push_back(std::to_string(input.shape[i]));
    command.insert(command.end(), {"--threads", std::to_string(threads_)});
    command.insert(command.end(), code.arguments.begin(), code.arguments.end());
    run_program(command, what);
    return to_nhwc(tensor_of_bytes(read_file(out), to_nchw(like), out));
  }

  Tensor evaluate(const Tensor& input) const {
    std::vector<Tensor> outputs = qatc::evaluate(plan_.graph, {input}, plan_.rounding);
    return std::move(outputs.at(0));
  }

  /// The distance of two neighbouring values of the output.
  double output_step() const {
    const PlanTensor& codes = plan_.tensors[static_cast<size_t>(plan_.output_tensor)];
    return plan_.graph.type(codes.value).quant->scale[0];
  }

 private:
  static std::string run_program(const std::vector<std::string>& command, const std::string& what) {
    const ProcessResult result = run_process_in_job(command);
    if (result.status == 0) return result.out;
    const std::string said = result.err.substr(0, result.err.find('\n'));
    throw UserError(what + ": the compiled network ended with status " + std::to_string(result.status) +
                    (said.empty() ? "" : " and said: " + said));
  }

  void choose_codes(const TargetSet& set) {
    std::vector<std::string> command = command_;
    command.emplace_back("--cpu-features");
    const std::string printed = run_program(command, "target '" + set.name + "'");
    uint32_t cpu = 0;
    const auto [end, error] = std::from_chars(printed.data(), printed.data() + printed.size(), cpu);
    if (error != std::errc() || end == printed.data()) {
      throw UserError("target '" + set.name + "': its program printed '" + printed.substr(0, printed.find('\n')) +
                      "' where the CPU's features should be");
    }
    for (const Target& target : set.targets) {
      const std::string isa(isa_name(target.isa));
      const uint32_t features = required_features(target.isa);
      if ((features & ~cpu) == 0) {
        codes_.push_back(set.is_list ? Code{isa, {"--features", std::to_string(features)}} : Code{});
      } else {
        errors_.push_back("target '" + set.name + "': the CPU that programs run on has no " + isa);
      }
    }
  }

  std::string folder_;
  int threads_;
  Plan plan_;
  std::vector<std::string> command_;
  std::vector<Code> codes_;
  std::vector<std::string> errors_;
};

/// A stored result of the network for the same input.
Tensor read_result(const std::string& path, const Tensor& like) {
  Tensor stored = read_image(path);
  if (stored.shape != like.shape) {
    throw UserError(path + ": is " + shape_text(to_nchw(stored).shape) + ", the network gives " +
                    shape_text(to_nchw(like).shape));
  }
  return stored;
}

/// The vectors of a data set.
struct Vectors {
  Tensor input, expected, reference;
  std::optional<Tensor> fp32;
};

Vectors read_vectors(const CompiledCase& compiled, const DataSet& set) {
  Vectors vectors;
  vectors.input = read_image(set.folder + "/input_0.pb");
  vectors.expected = compiled.evaluate(vectors.input);
  vectors.reference = read_result(set.folder + "/output_0.pb", vectors.expected);
  const std::string fp32_path = set.folder + "/fp32_output_0.pb";
  if (fs::exists(fp32_path)) vectors.fp32 = read_result(fp32_path, vectors.expected);
  return vectors;
}

DataSetResult compare(const CompiledCase& compiled, const Tensor& got, const Vectors& vectors,
                      const VerifyOptions& options) {
  const Tensor& reference = vectors.reference;
  DataSetResult result;
  result.first_difference = first_bit_difference(got, vectors.expected);
  result.equals_evaluator = !result.first_difference;
  result.reference = compare_images(got, reference, compiled.output_step() / 2);
  if (vectors.fp32) {
    result.fp32_psnr_db = compare_images(got, *vectors.fp32, 0).psnr_db;
    result.reference_fp32_psnr_db = compare_images(reference, *vectors.fp32, 0).psnr_db;
  }
  const bool is_close =
      options.exact_match ? !result.reference.first_difference : result.reference.psnr_db >= options.min_psnr_db;
  result.passed = result.equals_evaluator && is_close;
  return result;
}

void verify_case_in(const std::string& work, const std::string& folder, const VerifyOptions& options,
                    const std::function<void(const DataSetResult&)>& report) {
  const std::vector<DataSet> sets = find_data_sets(folder);
  const CompiledCase compiled(folder + "/model.onnx", work, options);
  std::vector<std::string> errors = compiled.errors();
  for (const DataSet& set : sets) {
    if (compiled.codes().empty()) break;
    try {
      const Vectors vectors = read_vectors(compiled, set);
      for (const CompiledCase::Code& code : compiled.codes()) {
        const Tensor got = compiled.run(code, vectors.input, vectors.expected, set.folder);
        DataSetResult result = compare(compiled, got, vectors, options);
        result.case_name = case_name(folder);
        result.set = set.number;
        result.instruction_set = code.instruction_set;
        report(result);
      }
    } catch (const Interrupted&) {
      throw;
    } catch (const UserError& error) {  // the other sets may still say something
      for (const std::string& line : error.lines()) errors.push_back(line);
    }
  }
  if (!errors.empty()) throw UserError(errors);
}

}  // namespace

std::string case_name(const std::string& folder) {
  fs::path path = fs::absolute(folder).lexically_normal();
  if (path.filename().empty()) path = path.parent_path();  // "case/"
  return path.filename().string();
}

void verify_case(const std::string& folder, const VerifyOptions& options,
                 const std::function<void(const DataSetResult&)>& report) {
  if (options.keep.empty()) {
    const TemporaryDirectory work;
    verify_case_in(work.path(), folder, options, report);
  } else {
    const std::string work = options.keep + "/" + case_name(folder);
    make_folder(work);
    verify_case_in(work, folder, options, report);
  }
}

}  // namespace qatc
