#include "support/generated_library.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <random>
#include <sstream>

#include "emit/library.h"
#include "lower/target.h"
#include "qatc_runtime.h"
#include "support/error.h"
#include "support/process.h"

namespace qatc::testing {

namespace {

bool is_arm(const std::string& target) { return target.rfind("arm-64", 0) == 0; }

std::string text_of(const std::vector<std::string>& command) {
  std::string text;
  for (const std::string& word : command) text += (text.empty() ? "" : " ") + word;
  return text;
}

RunResult floats(const Tensor& nhwc) {
  RunResult result{nhwc.shape[1], nhwc.shape[2], nhwc.shape[3], {}};
  result.bytes.resize(nhwc.real.size() * sizeof(float));
  size_t at = 0;
  for (int64_t c = 0; c < result.channels; ++c) {
    for (int64_t pixel = 0; pixel < result.height * result.width; ++pixel) {
      const auto value = static_cast<float>(nhwc.real[static_cast<size_t>(pixel * result.channels + c)]);
      std::memcpy(result.bytes.data() + at, &value, sizeof value);
      at += sizeof value;
    }
  }
  return result;
}

}  // namespace

bool can_run(const std::string& target) {
#if defined(__x86_64__)
  if (is_arm(target)) return true;
  const TargetSet set = parse_target_set(target);
  return std::all_of(set.targets.begin(), set.targets.end(),
                     [](const Target& t) { return (required_features(t.isa) & ~qatc_cpu_features()) == 0; });
#else
  return target == "host" || is_arm(target);
#endif
}

std::vector<std::string> runnable(const std::vector<std::string>& targets) {
  std::vector<std::string> result = targets;
  std::erase_if(result, [](const std::string& target) { return !can_run(target); });
  return result;
}

std::vector<std::string> c_compiler(const std::string& target) {
#if defined(__x86_64__)
  if (is_arm(target)) return {QATC_TEST_ARM64_CC, "-static"};
#endif
  return {QATC_TEST_CC};
}

std::vector<std::string> runner(const std::string& target) {
#if defined(__x86_64__)
  if (is_arm(target)) return {QATC_TEST_QEMU, "-cpu", "max"};
#endif
  return {};
}

std::string run_checked(const std::vector<std::string>& command) {
  const ProcessResult result = run_process(command);
  if (result.status != 0) {
    throw InternalError(text_of(command) + " ended with " + std::to_string(result.status) + ":\n" + result.out +
                        result.err);
  }
  return result.out;
}

GeneratedLibrary::GeneratedLibrary(const Plan& plan, const std::vector<std::string>& targets, const std::string& name)
    : GeneratedLibrary(plan, targets, name, [](const KernelSpec& spec, const Target& target) {
        return known_schedule(spec, target.isa).schedule;
      }) {}

GeneratedLibrary::GeneratedLibrary(const Plan& plan, const std::vector<std::string>& targets, const std::string& name,
                                   const ChooseSchedule& choose)
    : targets_(targets), name_(name) {
  std::vector<LibraryTarget> parsed;
  for (const std::string& target : targets) {
    LibraryTarget library{parse_target_set(target), {}};
    for (const Target& code : library.set.targets) {
      std::vector<KernelSchedule>& schedules = library.schedules.emplace_back();
      for (const KernelSpec& spec : plan.kernels) schedules.push_back(choose(spec, code));
    }
    parsed.push_back(library);
  }
  emit_libraries(plan, parsed, {name, folder(), 0, {}});
}

std::string GeneratedLibrary::target_folder(const std::string& target) const {
  return folder() + "/" + parse_target_set(target).folder;
}

std::string GeneratedLibrary::link(const std::string& target, const std::string& source,
                                   const std::vector<std::string>& flags, const std::vector<std::string>& libraries) {
  const std::string built = target_folder(target);
  const size_t stem = source.rfind('/') + 1;
  const std::string program = built + "/" + source.substr(stem, source.rfind('.') - stem);
  std::vector<std::string> command = c_compiler(target);
  command.insert(command.end(), {"-O1", "-I" + folder(), "-I" + std::string(QATC_RUNTIME_DIR),
                                 "-I" + std::string(QATC_RUNTIME_DIR) + "/examples",
                                 "-DQATC_MODEL_HEADER=\"" + name_ + ".h\"", "-DQATC_MODEL=" + name_});
  command.insert(command.end(), flags.begin(), flags.end());
  // `-x none`: `flags` may have said which language the source is in.
  command.insert(command.end(), {source, "-x", "none"});
  command.insert(command.end(), libraries.begin(), libraries.end());
  command.insert(command.end(),
                 {built + "/lib" + name_ + ".a", built + "/libqatc_runtime.a", "-lpthread", "-o", program});
  run_checked(command);
  return program;
}

RunResult GeneratedLibrary::run(const std::string& target, const RunResult& in,
                                const std::vector<std::string>& options) {
  if (programs_.count(target) == 0) {
    programs_[target] = link(target, std::string(QATC_RUNTIME_DIR) + "/examples/run_case.c");
  }
  return run_program(target, programs_[target], in, options);
}

std::vector<std::string> GeneratedLibrary::run_command(const std::string& target, const std::string& program,
                                                       const RunResult& in, const std::vector<std::string>& options,
                                                       const std::vector<std::string>& environment) const {
  const std::string in_path = target_folder(target) + "/in.bin";
  write_file_atomically(in_path, in.bytes);
  std::vector<std::string> command{"env"};
  command.insert(command.end(), environment.begin(), environment.end());
  for (const std::string& word : runner(target)) command.push_back(word);
  command.insert(command.end(), {program, in_path, target_folder(target) + "/out.bin", std::to_string(in.height),
                                 std::to_string(in.width), std::to_string(in.channels)});
  command.insert(command.end(), options.begin(), options.end());
  return command;
}

RunResult GeneratedLibrary::run_program(const std::string& target, const std::string& program, const RunResult& in,
                                        const std::vector<std::string>& options,
                                        const std::vector<std::string>& environment) {
  std::istringstream printed(run_checked(run_command(target, program, in, options, environment)));
  RunResult out;
  std::string word;
  printed >> word >> out.height >> out.width >> out.channels;
  out.bytes = read_file(target_folder(target) + "/out.bin");
  return out;
}

RunResult float_image(const Tensor& nhwc) { return floats(nhwc); }

Tensor tensor_of_bytes(const RunResult& bytes) {
  Tensor result = Tensor::zeros(DType::kF32, {1, bytes.height, bytes.width, bytes.channels});
  for (size_t i = 0; i < result.real.size(); ++i) {
    result.real[i] = static_cast<float>(static_cast<uint8_t>(bytes.bytes[i])) / 255.0F;
  }
  return result;
}

RunResult byte_image(const Tensor& nhwc) {
  RunResult result{nhwc.shape[1], nhwc.shape[2], nhwc.shape[3], {}};
  for (double real : nhwc.real) {
    result.bytes += static_cast<char>(std::nearbyint(std::clamp(real, 0.0, 1.0) * 255.0));
  }
  return result;
}

Tensor random_image(uint64_t seed, int64_t height, int64_t width, int64_t channels) {
  std::mt19937_64 random(seed);
  Tensor image = Tensor::zeros(DType::kF32, {1, height, width, channels});
  for (double& value : image.real) value = static_cast<float>(random() % 1200) / 1000.0F - 0.1F;
  return image;
}

std::string first_difference(const RunResult& expected, const RunResult& actual) {
  std::ostringstream text;
  if (expected.height != actual.height || expected.width != actual.width || expected.channels != actual.channels ||
      expected.bytes.size() != actual.bytes.size()) {
    text << "expected " << expected.height << " x " << expected.width << " x " << expected.channels << ", got "
         << actual.height << " x " << actual.width << " x " << actual.channels;
    return text.str();
  }
  const auto values = static_cast<size_t>(expected.height * expected.width * expected.channels);
  if (values == 0 || expected.bytes == actual.bytes) return "";
  const size_t size = expected.bytes.size() / values;
  size_t differences = 0;
  for (size_t i = 0; i < values; ++i) {
    if (expected.bytes.compare(i * size, size, actual.bytes, i * size, size) == 0) continue;
    if (differences++ > 0) continue;
    const auto pixels = static_cast<size_t>(expected.height * expected.width);
    const auto channels = static_cast<size_t>(expected.channels);
    const size_t pixel = size == 1 ? i / channels : i % pixels;
    text << "channel " << (size == 1 ? i % channels : i / pixels) << ", y "
         << pixel / static_cast<size_t>(expected.width) << ", x " << pixel % static_cast<size_t>(expected.width)
         << ": ";
    for (const RunResult* side : {&expected, &actual}) {
      float real = 0;
      if (size == sizeof real) std::memcpy(&real, side->bytes.data() + i * size, sizeof real);
      if (size == 1) real = static_cast<uint8_t>(side->bytes[i]);
      text << (side == &expected ? "expected " : ", got ") << real;
    }
  }
  text << "; " << differences << " of " << values << " values differ";
  return text.str();
}

uint64_t seed_from_environment(uint64_t fallback) {
  const char* text = std::getenv("QATC_SEED");
  return text == nullptr ? fallback : std::strtoull(text, nullptr, 10);
}

}  // namespace qatc::testing
