// What is committed in schedules/tuned/ is what compile uses: a signature cannot be read back to a kernel, so the kernels
// are those of the networks at hand.

#include <gtest/gtest.h>

#include <filesystem>

#include "compile.h"
#include "schedules/kernel_specs.h"
#include "schedules/known_schedule.h"
#include "support/error.h"

namespace qatc::testing {
namespace {

namespace fs = std::filesystem;

void add_models(const fs::path& folder, std::vector<fs::path>& models) {
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder, none)) {
    if (fs::exists(entry.path() / "model.onnx")) models.push_back(entry.path() / "model.onnx");
  }
}

/// Of both roundings; none of a model that is refused.
std::vector<KernelSpec> kernels_of(const fs::path& model) {
  std::vector<KernelSpec> kernels;
  for (const Rounding rounding : {Rounding::kFloat, Rounding::kExact}) {
    ModelOptions options;
    options.model = model.string();
    options.rounding = rounding;
    try {
      const Plan plan = plan_model(options);
      kernels.insert(kernels.end(), plan.kernels.begin(), plan.kernels.end());
    } catch (const UserError&) {
      return {};
    }
  }
  return kernels;
}

/// Returns how many rows of the tables are those of a model's kernels.
size_t check_rows(const std::vector<fs::path>& models) {
  size_t rows = 0;
  for (const fs::path& model : models) {
    for (const KernelSpec& spec : kernels_of(model)) {
      for (const Isa isa : kAllIsas) {
        const auto row = tuned_table(isa).find(signature(tiles_of(spec)));
        if (row == tuned_table(isa).end()) continue;
        ++rows;
        EXPECT_FALSE(is_stale(tuned_table(isa), spec, isa))
            << "schedules/tuned/" << tuned_table_name(isa) << ".txt: " << to_string(row->second.schedule)
            << " is no candidate of " << row->first << ", a kernel of " << model << ": run qatc tune on this model";
      }
    }
  }
  return rows;
}

TEST(TunedTables, HoldCandidatesOfTheModelsHere) {
  std::vector<fs::path> models{fs::path(QATC_MODELS_DIR) / "demo/model.onnx"};
  add_models(fs::path(QATC_MODELS_DIR) / "small", models);
  EXPECT_GT(check_rows(models), 0U);
}

TEST(TunedTables, HoldCandidatesOfTheSharedModels) {
  std::vector<fs::path> models;
  add_models(QATC_SHARED_MODELS, models);
  if (models.empty()) GTEST_SKIP() << "no models in " << QATC_SHARED_MODELS;
  EXPECT_GT(check_rows(models), 0U);
}

}  // namespace
}  // namespace qatc::testing
