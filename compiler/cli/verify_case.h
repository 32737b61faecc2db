#pragma once

#include <functional>
#include <optional>
#include <string>

#include "cli/compare_images.h"
#include "ops/op.h"
#include "schedules/scheduler.h"
#include "schedules/tuned_table.h"

namespace qatc {

struct VerifyOptions {
  std::string target = "host";  // see parse_target_set in lower/target.h; of a list, each is verified
  /// Runs the target's programs: called as RUNNER PROGRAM ARGUMENTS; empty: this machine's own way.
  std::string runner;
  std::string compiler;  // see c_compiler
  Rounding rounding = Rounding::kFloat;
  double min_psnr_db = 35;
  bool exact_match = false;  // instead of min_psnr_db
  Scheduler scheduler = Scheduler::kTemplates;
  TunedTables tables;  // see CompileOptions
  int threads = 1;
  int jobs = 0;
  std::string keep;  // a folder for everything that is made, in KEEP/<case>; empty: a temporary one
};

/// What is found out about one data set.
struct DataSetResult {
  std::string case_name;
  int set = 0;
  std::string instruction_set;  // empty when the target has no list of them
  bool equals_evaluator = false;
  std::optional<ValueDifference> first_difference;  // from the evaluator
  ImageComparison reference;                        // with output_0.pb; equal: within half an output step
  /// Of the library and of output_0.pb, with fp32_output_0.pb.
  std::optional<double> fp32_psnr_db, reference_fp32_psnr_db;
  bool passed = false;
};

/// A case is called as its folder.
std::string case_name(const std::string& folder);

/// Compiles the case's model for the target, runs it on every data set and compares: with the evaluator in the same
/// rounding, where every bit must be equal, and with the stored output. Calls `report` as results come.
void verify_case(const std::string& folder, const VerifyOptions& options,
                 const std::function<void(const DataSetResult&)>& report);

}  // namespace qatc
