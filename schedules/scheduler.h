#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace qatc {

/// Who decides on the loops of a kernel.
enum class Scheduler : uint8_t {
  kTemplates,      // ours: schedules/templates/schedule_kernel.h
  kMullapudi2016,  // Halide's autoschedulers: schedules/templates/autoscheduler.h
  kAdams2019,
};

/// All of them, the default one first.
const std::vector<Scheduler>& schedulers();
/// As users write it: "templates", "mullapudi2016", "adams2019".
std::string_view scheduler_name(Scheduler scheduler);

}  // namespace qatc
