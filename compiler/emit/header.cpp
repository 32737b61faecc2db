#include "emit/header.h"

#include "emit/c_text.h"
#include "emit/fill_template.h"
#include "support/error.h"

namespace qatc {

namespace {

std::string in_place_text(InPlace sharing) {
  switch (sharing) {
    case InPlace::kAlways:
      return "The output may overlap the input in any way.";
    case InPlace::kSameRows:
      return "The output may be the input itself, in place; other overlaps: QATC_OVERLAP.";
    case InPlace::kNever:
      return "The output must not overlap the input: QATC_OVERLAP.";
  }
  QATC_CHECK(false, "unknown way to share memory");
}

/// What a call says of a size that the network does not take.
std::string size_statuses(const SizeLimits& limits) {
  return is_one_size(limits) ? "QATC_SIZE_UNSUPPORTED" : "QATC_SIZE_TOO_SMALL, QATC_SIZE_TOO_LARGE";
}

std::string last_statuses(InPlace sharing) {
  return sharing == InPlace::kAlways ? " or QATC_BAD_STRIDE" : ", QATC_BAD_STRIDE or QATC_OVERLAP";
}

}  // namespace

std::string emit_header(const Plan& plan, const std::string& name) {
  const PlanTensor& in = plan.tensors[static_cast<size_t>(plan.input_tensor)];
  const PlanTensor& out = plan.tensors[static_cast<size_t>(plan.output_tensor)];
  const InPlace sharing = in_place(plan);
  const TemplateValues values{
      {"name", name},
      {"macro", c_macro(name)},
      {"min_height", c_number(plan.limits.min_height)},
      {"min_width", c_number(plan.limits.min_width)},
      {"max_height", c_number(plan.limits.max_height)},
      {"max_width", c_number(plan.limits.max_width)},
      {"in_channels", c_number(in.channels)},
      {"out_height", out.height.to_string()},
      {"out_width", out.width.to_string()},
      {"out_channels", c_number(out.channels)},
      {"in_place", in_place_text(sharing)},
      {"size_statuses", size_statuses(plan.limits)},
      {"last_statuses", last_statuses(sharing)},
  };
  return fill_template("model.h.in", values);
}

}  // namespace qatc
