#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plan/kernel.h"
#include "schedules/isa.h"
#include "schedules/kernel_schedule.h"

namespace qatc {

/// One parameter of a KernelSchedule. The list of them is all that text, parser and search know of a schedule: a new
/// parameter is a new row.
struct ScheduleField {
  const char* name;
  int64_t KernelSchedule::*value;
  /// The values worth trying for a kernel, ascending.
  std::vector<int64_t> (*values)(const KernelSpec& spec, Isa isa);
  /// Not written where it has its default, so that tables made before a parameter was there stay as they are.
  bool is_optional = false;
};
const std::vector<ScheduleField>& schedule_fields();

/// Reads what to_string(KernelSchedule) writes: the fields in order, the optional ones where they are not the default.
std::optional<KernelSchedule> parse_schedule(const std::string& text);

}  // namespace qatc
