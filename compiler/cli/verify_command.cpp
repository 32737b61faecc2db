#include "cli/verify_command.h"

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/options.h"
#include "cli/verify_case.h"
#include "lower/target.h"
#include "support/error.h"
#include "support/interruption.h"

namespace qatc {

namespace {

using Json = nlohmann::ordered_json;

struct VerifyCommand {
  std::vector<std::string> folders;
  VerifyOptions options;
  std::vector<std::string> tables;
  bool json = false;
};

Json to_json(const ValueDifference& difference) {
  return {{"y", difference.y},
          {"x", difference.x},
          {"c", difference.c},
          {"got", difference.got},
          {"expected", difference.expected}};
}

Json to_json(const DataSetResult& result, const VerifyOptions& options) {
  Json json = {{"case", result.case_name},
               {"set", result.set},
               {"target", options.target},
               {"rounding", rounding_name(options.rounding)},
               {"equals_evaluator", result.equals_evaluator},
               {"psnr_db", result.reference.psnr_db},
               {"max_abs", result.reference.max_abs},
               {"equal_share", result.reference.equal_share},
               {"passed", result.passed}};
  if (!result.instruction_set.empty()) json["instruction_set"] = result.instruction_set;
  if (result.fp32_psnr_db) json["fp32_psnr_db"] = *result.fp32_psnr_db;
  if (result.reference_fp32_psnr_db) json["reference_fp32_psnr_db"] = *result.reference_fp32_psnr_db;
  if (result.first_difference) json["first_difference"] = to_json(*result.first_difference);
  if (result.reference.first_difference) json["first_miss"] = to_json(*result.reference.first_difference);
  return json;
}

void print_json(const Json& json) {
  std::cout << json.dump(-1, ' ', false, Json::error_handler_t::replace) << std::endl;
}

/// The case, and of a library with several instruction sets which one.
std::string row_name(const std::string& case_name, const std::string& instruction_set) {
  return instruction_set.empty() ? case_name : case_name + " " + instruction_set;
}

/// Of the column with those.
int name_width(const VerifyCommand& command) {
  const TargetSet set = parse_target_set(command.options.target);
  size_t width = 4;
  for (const std::string& folder : command.folders) {
    for (const Target& target : set.targets) {
      const std::string isa(set.is_list ? isa_name(target.isa) : "");
      width = std::max(width, row_name(case_name(folder), isa).size());
    }
  }
  return static_cast<int>(width);
}

void print_heading(int width) {
  std::printf("%-*s %3s  %-9s %9s %9s %9s  %8s %8s  %s\n", width, "case", "set", "evaluator", "psnr", "max diff",
              "equal", "to fp32", "ref fp32", "result");
}

std::string decibels(const std::optional<double>& psnr_db) {
  if (!psnr_db) return "-";
  if (*psnr_db >= kMostPsnrDb) return "same";
  char text[32];
  std::snprintf(text, sizeof text, "%.2f dB", *psnr_db);
  return text;
}

void print_difference(const char* what, const ValueDifference& difference) {
  std::printf("  first %s at y %lld, x %lld, channel %lld: got %.9g, expected %.9g\n", what,
              static_cast<long long>(difference.y), static_cast<long long>(difference.x),
              static_cast<long long>(difference.c), difference.got, difference.expected);
}

void print_row(const DataSetResult& result, const VerifyOptions& options, int width) {
  std::printf("%-*s %3d  %-9s %9s %9.6f %7.3f %%  %8s %8s  %s\n", width,
              row_name(result.case_name, result.instruction_set).c_str(), result.set,
              result.equals_evaluator ? "equal" : "DIFFERENT", decibels(result.reference.psnr_db).c_str(),
              result.reference.max_abs, 100 * result.reference.equal_share, decibels(result.fp32_psnr_db).c_str(),
              decibels(result.reference_fp32_psnr_db).c_str(), result.passed ? "passed" : "FAILED");
  if (result.first_difference) print_difference("difference from the evaluator", *result.first_difference);
  if (options.exact_match && result.reference.first_difference) {
    print_difference("value beyond half a step of the reference", *result.reference.first_difference);
  }
  std::fflush(stdout);
}

/// Cases are independent: one that cannot be verified is told and the others go on.
int run_verify(const VerifyCommand& command) {
  VerifyOptions options = command.options;
  options.tables = read_tables(command.tables, {options.target});
  const int width = name_width(command);
  int passed = 0;
  int failed = 0;
  const auto report = [&](const DataSetResult& result) {
    ++(result.passed ? passed : failed);
    if (command.json) {
      print_json(to_json(result, command.options));
    } else {
      print_row(result, command.options, width);
    }
  };
  if (!command.json) print_heading(width);
  for (const std::string& folder : command.folders) {
    try {
      verify_case(folder, options, report);
    } catch (const Interrupted&) {
      throw;
    } catch (const UserError& error) {
      for (const std::string& line : error.lines()) std::cerr << "error: " << line << "\n";
      ++failed;
    }
  }
  if (!command.json) {
    std::printf("target %s, %s rounding: %d passed, %d failed\n", command.options.target.c_str(),
                rounding_name(command.options.rounding).c_str(), passed, failed);
  }
  return failed == 0 ? 0 : 1;
}

}  // namespace

Command add_verify_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "verify",
      "Compiles networks, runs them on their test vectors and compares.\n"
      "CASE is a folder in ONNX's test layout: model.onnx and test_data_set_N/{input_0,output_0}.pb. A data "
      "set\n"
      "passes when the library equals qatc's reference evaluator in every bit and is close to output_0.pb.");
  const auto verify = std::make_shared<VerifyCommand>();
  VerifyOptions& options = verify->options;
  command->add_option("CASE", verify->folders, "folders of test cases")->required()->type_name("CASE");
  command
      ->add_option("--target", options.target,
                   "compile for this target; default host; of a list of instruction sets each is verified")
      ->type_name("T");
  add_command_option(*command, "--runner", options.runner,
                     "runs the target's programs, called as CMD PROGRAM ARGUMENTS;\n"
                     "default for arm-64-linux: qemu-aarch64 -cpu max");
  add_command_option(*command, "--cc", options.compiler,
                     "compiles and links C for the target; default: what is installed");
  add_rounding_option(*command, options.rounding);
  command->add_option("--min-psnr", options.min_psnr_db, "least PSNR to output_0.pb, peak 1; default 35")
      ->type_name("DB");
  command->add_flag("--exact-match", options.exact_match,
                    "instead: every value within half an output step of output_0.pb");
  command->add_flag("--json", verify->json, "one JSON object a line and data set; a PSNR of 200 means equal");
  add_threads_option(*command, options.threads);
  add_scheduler_option(*command, options.scheduler);
  add_table_option(*command, verify->tables);
  add_jobs_option(*command, options.jobs);
  command->add_option("--keep", options.keep, "keep everything that is made, in DIR/CASE")->type_name("DIR");
  return {command, [verify] { return run_verify(*verify); }};
}

}  // namespace qatc
