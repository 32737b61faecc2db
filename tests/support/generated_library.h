#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "ir/tensor.h"
#include "lower/target.h"
#include "plan/plan.h"
#include "schedules/kernel_schedule.h"
#include "support/files.h"

namespace qatc::testing {

/// This machine's, and one target of each instruction set.
inline const std::vector<std::string> kEveryTarget{"host",
                                                   "x86-64-linux",
                                                   "x86-64-linux-sse41-avx-f16c-fma-avx2",
                                                   "x86-64-linux-avx2-avxvnni",
                                                   "arm-64-linux",
                                                   "arm-64-linux-arm_dot_prod",
                                                   "arm-64-linux-arm_dot_prod-i8mm"};

/// What runs on this machine: natively, or ARM64 code through qemu.
bool can_run(const std::string& target);
/// `targets` without those that cannot run here.
std::vector<std::string> runnable(const std::vector<std::string>& targets);

/// How a program for `target` is compiled and linked with the C library, and what it is started with.
std::vector<std::string> c_compiler(const std::string& target);
std::vector<std::string> runner(const std::string& target);

/// Runs a command; its failure is the test's, with all that the command printed. Returns its standard output.
std::string run_checked(const std::vector<std::string>& command);

/// What a program wrote to a tensor: float32 in the order C, H, W, or bytes in the order H, W, C.
struct RunResult {
  int64_t height = 0, width = 0, channels = 0;
  std::string bytes;
};

/// A plan compiled for several targets, in a folder that lives as long as this object.
class GeneratedLibrary {
 public:
  GeneratedLibrary(const Plan& plan, const std::vector<std::string>& targets, const std::string& name = "net");
  /// With schedules of the caller's choice.
  using ChooseSchedule = std::function<KernelSchedule(const KernelSpec& spec, const Target& target)>;
  GeneratedLibrary(const Plan& plan, const std::vector<std::string>& targets, const std::string& name,
                   const ChooseSchedule& choose);

  const std::string& folder() const { return folder_.path(); }
  const std::vector<std::string>& targets() const { return targets_; }
  /// Where the archives for a target are.
  std::string target_folder(const std::string& target) const;
  /// The path of the program of `source`, linked with the library and the runtime for `target`.
  std::string link(const std::string& target, const std::string& source, const std::vector<std::string>& flags = {},
                   const std::vector<std::string>& libraries = {});
  /// Runs examples/run_case.c on an image. `in` is what a file of RunResult holds.
  RunResult run(const std::string& target, const RunResult& in, const std::vector<std::string>& options = {});
  /// The same with another program that has run_case's arguments. `environment`: NAME=VALUE, added to this program's.
  RunResult run_program(const std::string& target, const std::string& program, const RunResult& in,
                        const std::vector<std::string>& options, const std::vector<std::string>& environment = {});
  /// The command that run_program runs, its input written.
  std::vector<std::string> run_command(const std::string& target, const std::string& program, const RunResult& in,
                                       const std::vector<std::string>& options,
                                       const std::vector<std::string>& environment = {}) const;

 private:
  TemporaryDirectory folder_;
  std::vector<std::string> targets_;
  std::string name_;
  std::map<std::string, std::string> programs_;  // run_case by target
};

/// A real NHWC tensor as the files of run_case hold it.
RunResult float_image(const Tensor& nhwc);
/// The bytes of an image as floats value / 255, as a model sees them.
Tensor tensor_of_bytes(const RunResult& bytes);
/// What a byte image is made of a float result: round_half_even(clamp(real, 0, 1) * 255).
RunResult byte_image(const Tensor& nhwc);
/// Random pixels, some beyond 0..1.
Tensor random_image(uint64_t seed, int64_t height, int64_t width, int64_t channels);

/// "" when both hold the same bytes, else where the first difference is and how many there are.
std::string first_difference(const RunResult& expected, const RunResult& actual);

/// QATC_SEED from the environment, or `fallback`.
uint64_t seed_from_environment(uint64_t fallback);

}  // namespace qatc::testing
