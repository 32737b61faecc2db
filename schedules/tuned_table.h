#pragma once

#include <map>
#include <string>

#include "schedules/isa.h"
#include "schedules/kernel_schedule.h"

namespace qatc {

/// The schedule that `qatc tune` found best for a kernel.
struct TunedSchedule {
  KernelSchedule schedule;
  std::string measure;  // what was compared: "time", "instructions" or "model"
  double ratio = 1;     // of that, to the default schedule's; 1: none was better than the default
  double modelled = 0;  // cycles an output pixel, as `qatc tune` read them in the code
};

/// By signature (plan/kernel.h).
using TunedTable = std::map<std::string, TunedSchedule>;

using TunedTables = std::map<Isa, TunedTable>;

/// "x86_64_avx512vnni", "arm64_dotprod": the stem of the table's file in schedules/tuned/.
std::string tuned_table_name(Isa isa);

/// One kernel a line, sorted: `signature | schedule | measure and ratio | modelled cycles`; lines that begin with #
/// are comments. Parsing and printing are inverse but for comments. A line that is none of it throws UserError
/// `path:line: reason`, and so does a first line by which the schedules are another instruction set's.
TunedTable parse_tuned_table(const std::string& text, const std::string& path, Isa isa);
/// Whose the schedules of a table are, as its first line says. Throws UserError `path: reason` where it does not.
Isa tuned_table_isa(const std::string& text, const std::string& path);
std::string print_tuned_table(const TunedTable& table, Isa isa);

/// The table in schedules/tuned/ as it was when qatc was built.
const TunedTable& tuned_table(Isa isa);
/// The same, with what `tables` have for kernels in its place.
TunedTable tuned_table(Isa isa, const TunedTables& tables);

}  // namespace qatc
