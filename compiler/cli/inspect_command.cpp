#include "cli/inspect_command.h"

#include <charconv>
#include <cinttypes>
#include <cstdio>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/options.h"
#include "cli/plan_report.h"
#include "cli/schedule_report.h"
#include "compile.h"

namespace qatc {

namespace {

using Json = nlohmann::ordered_json;

struct InspectCommand {
  ModelOptions model;
  ScheduleOptions schedule;
  std::vector<std::string> tables;
  std::vector<ImageSize> sizes;
  bool json = false;
  bool schedules = false;
  std::string target = "host";  // of the schedules
};

std::optional<ImageSize> parse_size(const std::string& text) {
  const size_t x = text.find('x');
  if (x == std::string::npos) return std::nullopt;
  ImageSize size;
  const char* end = text.data() + text.size();
  const bool is_read = std::from_chars(text.data(), text.data() + x, size.height).ptr == text.data() + x &&
                       std::from_chars(text.data() + x + 1, end, size.width).ptr == end;
  const bool is_within =
      size.height >= 1 && size.height <= kMaxTensorSide && size.width >= 1 && size.width <= kMaxTensorSide;
  return is_read && is_within ? std::optional(size) : std::nullopt;
}

void add_sizes(const std::vector<std::string>& texts, std::vector<ImageSize>& sizes) {
  for (const std::string& text : texts) {
    const std::optional<ImageSize> size = parse_size(text);
    if (!size) throw CLI::ValidationError("--size", "must be HEIGHTxWIDTH, e.g. 540x960, is '" + text + "'");
    sizes.push_back(*size);
  }
}

// ---- JSON -----------------------------------------------------------------------------------------------------------

Json to_json(const CallReport& call) {
  Json origins = Json::array();
  for (const Origin& origin : call.origins) origins.push_back({{"name", origin.name}, {"op_type", origin.op_type}});
  Json json = {{"stage", call.stage}, {"does", call.does}};
  if (call.kernel >= 0) {
    json["kernel"] = call.kernel;
    json["signature"] = call.signature;
  }
  if (call.upsampled_kernel >= 0) json["upsampled_kernel"] = call.upsampled_kernel;
  json["reads"] = call.reads;
  json["writes"] = call.writes;
  json["nodes"] = origins;
  return json;
}

Json to_json(const KeptTensorReport& kept) {
  return {{"tensor", kept.name},
          {"shape", kept.shape},
          {"written", kept.written},
          {"last_read", kept.last_read},
          {"reason", kept.reason}};
}

Json to_json(const MemoryReport& memory) {
  Json json = {{"height", memory.height}, {"width", memory.width}, {"supported", memory.is_supported}};
  if (!memory.is_supported) return json;
  json["multiply_adds"] = memory.multiply_adds;
  json["arena_bytes"] = memory.arena_bytes;
  json["peak_stage"] = memory.peak_stage;
  json["alive"] = Json::array();
  for (const AliveBlock& block : memory.alive) json["alive"].push_back({{"what", block.what}, {"bytes", block.bytes}});
  return json;
}

Json to_json(const ScheduleReport& kernel) {
  Json json = {{"kernel", kernel.kernel},
               {"signature", kernel.signature},
               {"schedule", kernel.schedule},
               {"source", kernel.source}};
  if (!kernel.refusal.empty()) json["refusal"] = kernel.refusal;
  if (!kernel.passed_over.empty()) json["passed_over"] = kernel.passed_over;
  if (kernel.cycles > 0) {
    json["predicted_cycles"] = kernel.cycles;
    json["predicted_peak_share"] = kernel.peak_share;
  }
  if (!kernel.measure.empty()) json["measured"] = {{"what", kernel.measure}, {"ratio", kernel.measured_ratio}};
  return json;
}

template <class Report>
Json to_json(const std::vector<Report>& reports);

Json to_json(const SchedulesReport& schedules) {
  return {{"target", schedules.target},
          {"table", schedules.table},
          {"core", schedules.core},
          {"kernels", to_json(schedules.kernels)}};
}

template <class Report>
Json to_json(const std::vector<Report>& reports) {
  Json json = Json::array();
  for (const Report& report : reports) json.push_back(to_json(report));
  return json;
}

void print_json(const PlanReport& report, const std::vector<SchedulesReport>& schedules, const std::string& rounding) {
  Json json = {{"model", report.model},
               {"rounding", rounding},
               {"input", report.input},
               {"output", report.output},
               {"min_height", report.limits.min_height},
               {"max_height", report.limits.max_height},
               {"min_width", report.limits.min_width},
               {"max_width", report.limits.max_width},
               {"kernels", report.kernels},
               {"multiply_adds_per_pixel", report.multiply_adds_per_pixel},
               {"calls", to_json(report.calls)},
               {"kept", to_json(report.kept)},
               {"memory", to_json(report.memory)}};
  if (!schedules.empty()) json["schedules"] = to_json(schedules);
  std::cout << json.dump(2, ' ', false, Json::error_handler_t::replace) << std::endl;
}

// ---- Text -----------------------------------------------------------------------------------------------------------

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : ", ") + text;
  return all;
}

/// Without the QuantizeLinear nodes, each of which is the rounding of the node before it. Where there are no others, the
/// call is just that: it brings values to another scale.
std::string joined(const std::vector<Origin>& origins) {
  std::vector<std::string> texts, roundings;
  for (const Origin& origin : origins) {
    (origin.op_type == "QuantizeLinear" ? roundings : texts).push_back(origin.name + " (" + origin.op_type + ")");
  }
  return joined(texts.empty() ? roundings : texts);
}

std::string megabytes(int64_t bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f MB", static_cast<double>(bytes) * 1e-6);
  return text;
}

void print_call(const CallReport& call) {
  std::printf("%4d  %s", call.stage, call.does.c_str());
  if (call.kernel >= 0) std::printf("  [kernel %d]", call.kernel);
  std::printf("\n      %s -> %s\n", joined(call.reads).c_str(), joined(call.writes).c_str());
  if (call.upsampled_kernel >= 0) {
    std::printf("      or, where the resize before it doubles both sides, without that  [kernel %d]\n",
                call.upsampled_kernel);
  }
  if (!call.origins.empty()) std::printf("      does %s\n", joined(call.origins).c_str());
}

void print_memory(const MemoryReport& memory) {
  const std::string size = std::to_string(memory.height) + "x" + std::to_string(memory.width);
  if (!memory.is_supported) {
    std::printf("%12s  not supported\n", size.c_str());
    return;
  }
  std::printf("%12s  %12s  %10.3f G  stage %d: ", size.c_str(), megabytes(memory.arena_bytes).c_str(),
              static_cast<double>(memory.multiply_adds) * 1e-9, memory.peak_stage);
  std::vector<std::string> alive;
  int64_t rest = 0;
  int64_t free = memory.arena_bytes;
  for (const AliveBlock& block : memory.alive) {
    free -= block.bytes;
    if (block.bytes * 20 < memory.arena_bytes) {
      rest += block.bytes;
    } else {
      alive.push_back(block.what + " " + megabytes(block.bytes));
    }
  }
  if (rest > 0) alive.push_back("smaller ones " + megabytes(rest));
  // Between blocks whose order at another stage or another image size keeps them apart.
  if (free * 100 > memory.arena_bytes) alive.push_back("unused " + megabytes(free));
  std::printf("%s\n", joined(alive).c_str());
}

void print_schedules(const SchedulesReport& report) {
  std::printf("\nSchedules for %s (%s); predicted cycles are those of %s for an output pixel:\n", report.target.c_str(),
              report.table.c_str(), report.core.c_str());
  for (const ScheduleReport& kernel : report.kernels) {
    std::printf("%4d  %s\n      %s, from the %s", kernel.kernel, kernel.signature.c_str(), kernel.schedule.c_str(),
                kernel.source.c_str());
    if (!kernel.measure.empty()) std::printf(" (%s x %.3f)", kernel.measure.c_str(), kernel.measured_ratio);
    if (!kernel.refusal.empty()) std::printf(", as the autoscheduler refuses: %s", kernel.refusal.c_str());
    if (!kernel.passed_over.empty()) {
      std::printf(", as the tuned table's %s is no candidate: tune again", kernel.passed_over.c_str());
    }
    if (kernel.cycles > 0) {
      std::printf("; %.2f cycles", kernel.cycles);
    } else {
      std::printf("; not predicted: its loops are no template's");
    }
    if (kernel.peak_share > 0) std::printf(", %.0f %% of peak", 100 * kernel.peak_share);
    std::printf("\n");
  }
}

void print_text(const PlanReport& report, const std::vector<SchedulesReport>& schedules, const std::string& rounding) {
  const SizeLimits& limits = report.limits;
  std::printf("%s: %s -> %s (height x width x channels), %s rounding\n", report.model.c_str(), report.input.c_str(),
              report.output.c_str(), rounding.c_str());
  std::printf("image sizes %" PRId64 "x%" PRId64 " to %" PRId64 "x%" PRId64 ", %" PRId64
              " distinct kernels, %.0f multiply-adds a pixel\n",
              limits.min_height, limits.min_width, limits.max_height, limits.max_width, report.kernels,
              report.multiply_adds_per_pixel);
  std::printf("\nStages, and the nodes of the model that each call does:\n");
  for (const CallReport& call : report.calls) print_call(call);
  std::printf("\nNot fused, kept in full between stages:%s\n", report.kept.empty() ? " nothing" : "");
  for (const KeptTensorReport& kept : report.kept) {
    std::printf("  %s: %s, stages %d to %d: %s\n", kept.name.c_str(), kept.shape.c_str(), kept.written, kept.last_read,
                kept.reason.c_str());
  }
  std::printf("\nMemory:\n%12s  %12s  %12s  %s\n", "image size", "arena", "multiply-adds", "largest use");
  for (const MemoryReport& memory : report.memory) print_memory(memory);
  for (const SchedulesReport& target : schedules) print_schedules(target);
}

/// Three common sizes, or the only one.
std::vector<ImageSize> default_sizes(const SizeLimits& limits) {
  if (is_one_size(limits)) {
    return {{limits.min_height, limits.min_width}};
  }
  return {{100, 100}, {540, 960}, {1080, 1920}};
}

int run_inspect(const InspectCommand& command) {
  const TargetSet set = parse_target_set(command.target);
  ScheduleOptions schedule = command.schedule;
  schedule.tables = read_tables(command.tables, {command.target});
  const Plan plan = plan_model(command.model);
  PlanReport report = report_plan(plan, command.sizes.empty() ? default_sizes(plan.limits) : command.sizes);
  report.model = command.model.model;
  const std::string rounding = rounding_name(command.model.rounding);
  std::vector<SchedulesReport> schedules;
  if (command.schedules) {
    for (const Target& target : set.targets) schedules.push_back(report_schedules(plan, target, schedule));
  }
  command.json ? print_json(report, schedules, rounding) : print_text(report, schedules, rounding);
  return 0;
}

}  // namespace

Command add_inspect_command(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("inspect",
                         "Says what a network becomes: what is fused, work, memory by image size.\n"
                         "Compiles nothing but, with --schedules, candidates for kernels that no tuned table\n"
                         "knows.");
  const auto inspect = std::make_shared<InspectCommand>();
  add_model_option(*command, inspect->model.model);
  command
      ->add_option_function<std::vector<std::string>>(
          "--size", [inspect](const std::vector<std::string>& texts) { add_sizes(texts, inspect->sizes); },
          "image sizes, height x width; default 100x100,540x960,1080x1920")
      ->delimiter(',')
      ->type_name("HxW,...");
  add_rounding_option(*command, inspect->model.rounding);
  add_print_after_option(*command, inspect->model.after_pass);
  CLI::Option* schedules = command->add_flag("--schedules", inspect->schedules,
                                             "also how each kernel is scheduled, from where, and its predicted speed");
  command->add_option("--target", inspect->target, "whose schedules; default host")->type_name("T")->needs(schedules);
  add_scheduler_option(*command, inspect->schedule.scheduler)->needs(schedules);
  add_table_option(*command, inspect->tables)->needs(schedules);
  add_jobs_option(*command, inspect->schedule.jobs)->needs(schedules);
  command->add_flag("--json", inspect->json, "one JSON object instead of text");
  return {command, [inspect] { return run_inspect(*inspect); }};
}

}  // namespace qatc
