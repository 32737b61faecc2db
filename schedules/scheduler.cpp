#include "schedules/scheduler.h"

#include "support/error.h"

namespace qatc {

const std::vector<Scheduler>& schedulers() {
  static const std::vector<Scheduler> all{Scheduler::kTemplates, Scheduler::kMullapudi2016, Scheduler::kAdams2019};
  return all;
}

std::string_view scheduler_name(Scheduler scheduler) {
  switch (scheduler) {
    case Scheduler::kTemplates:
      return "templates";
    case Scheduler::kMullapudi2016:
      return "mullapudi2016";
    case Scheduler::kAdams2019:
      return "adams2019";
  }
  QATC_CHECK(false, "unknown scheduler");
}

}  // namespace qatc
