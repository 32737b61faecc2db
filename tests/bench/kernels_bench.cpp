// Times kernels one by one, on tensors as large as the bands that a network computes at a time, next to the peak of the
// instruction set they are made of.
//
// Every round of a kernel is followed by a burst of the peak's loop, and the best of each counts: what the machine's
// other programs take hits both or is left out.

#include <benchmark/benchmark.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <exception>
#include <iostream>
#include <regex>

#include "compile.h"
#include "kernel_library.h"
#include "peak.h"
#include "plan/arena.h"
#include "support/error.h"

namespace {

using qatc::testing::BoundKernel;
using qatc::testing::KernelCase;

struct Options {
  std::string model, target = "host", size = "540x960", rounding = "float", only = ".*";
  bool family = false, all_channels = false;
  int64_t height = 0, width = 0, rounds = 300;
};

/// Long enough for the clock, short enough to fit between two switches to another program.
constexpr double kBurstSeconds = 200e-6;

double seconds_of(const BoundKernel& kernel, int64_t calls, void (BoundKernel::*run)() const = &BoundKernel::run) {
  const auto begin = std::chrono::steady_clock::now();
  for (int64_t i = 0; i < calls; ++i) (kernel.*run)();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void time_kernel(benchmark::State& state, const KernelCase& kernel, const BoundKernel& bound, const qatc_peak* peak) {
  seconds_of(bound, 1);
  const auto calls = static_cast<int64_t>(std::max(1.0, kBurstSeconds / std::max(1e-9, seconds_of(bound, 1))));
  double best = 1e9;
  double best_apart = 1e9;
  double best_peak = 0;
  for ([[maybe_unused]] auto iteration : state) {
    const double seconds = seconds_of(bound, calls) / static_cast<double>(calls);
    state.SetIterationTime(seconds);
    best = std::min(best, seconds);
    if (bound.is_flat()) {
      best_apart =
          std::min(best_apart, seconds_of(bound, calls, &BoundKernel::run_rows_apart) / static_cast<double>(calls));
    }
    if (peak != nullptr) best_peak = std::max(best_peak, qatc_measure_peak(peak, kBurstSeconds));
  }
  const auto pixels = static_cast<double>(kernel.rows * kernel.width);
  state.counters["ns_per_pixel"] = best / pixels * 1e9;
  state.counters["gb_per_second"] = bound.bytes() / best * 1e-9;
  state.counters["rows"] = static_cast<double>(kernel.rows);
  state.counters["width"] = static_cast<double>(kernel.width);
  // Of the time that the rows take one by one (plan/flat_rows.h).
  if (bound.is_flat()) state.counters["of_rows_apart"] = best / best_apart;
  // What it takes of one image, were it all like this.
  state.counters["image_ms"] = best / pixels * kernel.pixels * 1e3;
  if (kernel.multiply_adds > 0) {
    const double rate = kernel.multiply_adds * pixels / best * 1e-9;
    state.counters["gmacs_per_second"] = rate;
    if (best_peak > 0) {
      state.counters["peak_gmacs_per_second"] = best_peak;
      // Of what the machine multiplies, whatever the graph counts for it.
      state.counters["share_of_peak"] = rate * kernel.products / kernel.multiply_adds / best_peak;
    }
  }
  if (!kernel.image) state.SetLabel(signature(kernel.spec));
}

void parse_size(Options& options) {
  int used = 0;
  if (std::sscanf(options.size.c_str(), "%ldx%ld%n", &options.height, &options.width, &used) != 2 ||
      static_cast<size_t>(used) != options.size.size() || options.height < 1 || options.width < 1) {
    throw qatc::UsageError("--size takes HEIGHTxWIDTH, not '" + options.size + "'");
  }
}

std::regex parse_regex(const std::string& text) {
  try {
    return std::regex(text);
  } catch (const std::regex_error&) {
    throw qatc::UsageError("--only takes a regular expression, not '" + text + "'");
  }
}

/// Fewer rounds for kernels that take longer than a burst.
int64_t rounds_of(const BoundKernel& kernel, int64_t rounds) {
  const double bursts = std::max(1.0, seconds_of(kernel, 1) / kBurstSeconds);
  return std::max<int64_t>(std::min<int64_t>(rounds, 30), static_cast<int64_t>(static_cast<double>(rounds) / bursts));
}

void register_benchmarks(const Options& options) {
  const qatc::Rounding rounding = options.rounding == "exact" ? qatc::Rounding::kExact : qatc::Rounding::kFloat;
  std::vector<KernelCase> cases;
  if (!options.model.empty()) {
    qatc::ModelOptions compile;
    compile.model = options.model;
    compile.rounding = rounding;
    const qatc::Plan plan = plan_model(compile);
    if (!supports(plan, options.height, options.width)) {
      throw qatc::UserError(options.model + ": images of " + options.size + " are not supported");
    }
    for (KernelCase& kernel : qatc::testing::model_cases(plan, options.height, options.width)) {
      kernel.name.insert(0, "model/");
      cases.push_back(std::move(kernel));
    }
  }
  if (options.family || options.all_channels) {
    if (options.width % 2 != 0)
      throw qatc::UsageError("--family has images upsampled by 2: --size needs an even width");
    for (KernelCase& kernel : qatc::testing::family_cases(options.width, rounding, options.all_channels)) {
      kernel.name.insert(0, "family/");
      cases.push_back(std::move(kernel));
    }
  }
  const std::regex only = parse_regex(options.only);
  std::erase_if(cases, [&](const KernelCase& kernel) { return !std::regex_search(kernel.name, only); });
  if (cases.empty()) throw qatc::UsageError("no kernel to time; --model and --family say which, --only chooses");
  const qatc::Target target = qatc::parse_target(options.target);
  const std::string isa(isa_name(target.isa));
  const qatc_peak* peak = qatc_find_peak(isa.c_str());
  benchmark::AddCustomContext("instruction_set", isa);
  benchmark::AddCustomContext("peak_instructions", peak == nullptr ? "none" : peak->instructions);
  benchmark::AddCustomContext("rounding", options.rounding);
  benchmark::AddCustomContext("size", options.size);
  // The benchmarks run after this function has returned, so the kernels stay until the end.
  static std::vector<std::unique_ptr<BoundKernel>> kernels;
  kernels = load_kernels(cases, target);
  for (size_t i = 0; i < cases.size(); ++i) {
    benchmark::RegisterBenchmark(cases[i].name.c_str(), time_kernel, cases[i], std::cref(*kernels[i]), peak)
        ->UseManualTime()
        ->Iterations(rounds_of(*kernels[i], options.rounds))
        ->Unit(benchmark::kMicrosecond);
  }
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app(
      "Times kernels alone. Other options are Google Benchmark's: --benchmark_filter=REGEX, "
      "--benchmark_out=FILE.json, ...");
  app.add_option("--model", options.model, "an ONNX network, all of whose distinct kernels are timed");
  app.add_flag("--family", options.family, "the ops of image networks, whatever the model");
  app.add_flag("--all-channels", options.all_channels, "the same over all pairs of channel counts");
  app.add_option("--only", options.only, "only those whose names match this regular expression: no other is compiled");
  app.add_option("--size", options.size, "of the image, HEIGHTxWIDTH")->capture_default_str();
  app.add_option("--target", options.target, "that runs on this machine")->capture_default_str();
  app.add_option("--rounding", options.rounding)->check(CLI::IsMember({"float", "exact"}))->capture_default_str();
  app.add_option("--rounds", options.rounds, "of a kernel and the peak in turn")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.allow_extras();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  std::vector<std::string> rest = app.remaining();
  std::vector<char*> arguments{argv[0]};
  for (std::string& argument : rest) arguments.push_back(argument.data());
  int count = static_cast<int>(arguments.size());
  arguments.push_back(nullptr);
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 2;
  try {
    parse_size(options);
    register_benchmarks(options);
    benchmark::RunSpecifiedBenchmarks();
  } catch (const qatc::UsageError& error) {
    std::cerr << "error: " << error.what() << "\n";
    return 2;
  } catch (const qatc::UserError& error) {
    for (const std::string& line : error.lines()) std::cerr << "error: " << line << "\n";
    return 1;
  } catch (const std::exception& error) {
    std::cerr << "error: this is a bug in qatc, please report it: " << error.what() << "\n";
    return 3;
  }
  return 0;
}
