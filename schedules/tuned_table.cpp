#include "schedules/tuned_table.h"

#include <charconv>
#include <cstdio>
#include <optional>
#include <sstream>
#include <vector>

#include "schedules/schedule_fields.h"
#include "support/embedded.h"
#include "support/error.h"

namespace qatc {

namespace {

constexpr const char* kSeparator = " | ";
constexpr const char* kTitle = "# Schedules for ";

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> parts;
  size_t begin = 0;
  for (size_t end = 0; (end = line.find(kSeparator, begin)) != std::string::npos;) {
    parts.push_back(line.substr(begin, end - begin));
    begin = end + std::string(kSeparator).size();
  }
  parts.push_back(line.substr(begin));
  return parts;
}

std::optional<double> positive_number(const std::string& text) {
  double value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_read = error == std::errc() && stop == text.data() + text.size();
  return is_read && value > 0 && value < 1e12 ? std::optional(value) : std::nullopt;
}

/// "time 0.912".
bool read_measurement(const std::string& text, TunedSchedule& tuned) {
  const size_t blank = text.find(' ');
  if (blank == std::string::npos) return false;
  tuned.measure = text.substr(0, blank);
  if (tuned.measure != "time" && tuned.measure != "instructions" && tuned.measure != "model") return false;
  const std::optional<double> ratio = positive_number(text.substr(blank + 1));
  tuned.ratio = ratio.value_or(0);
  return ratio.has_value();
}

}  // namespace

std::string tuned_table_name(Isa isa) { return (is_arm(isa) ? "arm64_" : "x86_64_") + std::string(isa_name(isa)); }

TunedTable parse_tuned_table(const std::string& text, const std::string& path, Isa isa) {
  TunedTable table;
  std::istringstream lines(text);
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    const auto fail = [&](const std::string& reason) {
      return UserError(path + ":" + std::to_string(number) + ": " + reason);
    };
    if (line.rfind(kTitle, 0) == 0 && line.rfind(kTitle + tuned_table_name(isa) + ",", 0) != 0) {
      throw fail("these are not schedules for " + tuned_table_name(isa));
    }
    if (line.empty() || line[0] == '#') continue;
    const std::vector<std::string> parts = split(line);
    if (parts.size() != 4 || parts[0].empty()) {
      throw fail("a line is: signature | schedule | measure and ratio | modelled cycles");
    }
    TunedSchedule tuned;
    const std::optional<KernelSchedule> schedule = parse_schedule(parts[1]);
    if (!schedule) {
      throw fail("a schedule is like '" + to_string(KernelSchedule{}) + "', is '" + parts[1] + "'");
    }
    tuned.schedule = *schedule;
    if (!read_measurement(parts[2], tuned)) {
      throw fail("a measurement is 'time', 'instructions' or 'model' and a ratio, is '" + parts[2] + "'");
    }
    const std::optional<double> modelled = positive_number(parts[3]);
    if (!modelled) throw fail("modelled cycles are a positive number, is '" + parts[3] + "'");
    tuned.modelled = *modelled;
    if (!table.emplace(parts[0], tuned).second) throw fail("this signature is there twice");
  }
  return table;
}

Isa tuned_table_isa(const std::string& text, const std::string& path) {
  for (const Isa isa : kAllIsas) {
    if (text.rfind(kTitle + tuned_table_name(isa) + ",", 0) == 0) return isa;
  }
  throw UserError(path + ": is no table of schedules: its first line is not '" + kTitle + "INSTRUCTION_SET, ...'");
}

std::string print_tuned_table(const TunedTable& table, Isa isa) {
  std::string text =
      kTitle + tuned_table_name(isa) +
      ", by `qatc tune`; compile uses them. Ratio 1: none was better than the default.\n"
      "# kernel's signature | schedule | measure and its ratio to the default | modelled cycles a pixel\n";
  for (const auto& [signature, tuned] : table) {
    char numbers[64];
    std::snprintf(numbers, sizeof numbers, " %.3f%s%.2f\n", tuned.ratio, kSeparator, tuned.modelled);
    text += signature + kSeparator + to_string(tuned.schedule) + kSeparator + tuned.measure + numbers;
  }
  return text;
}

const TunedTable& tuned_table(Isa isa) {
  static std::map<Isa, TunedTable> tables;
  const auto found = tables.find(isa);
  if (found != tables.end()) return found->second;
  const std::string file = tuned_table_name(isa) + ".txt";
  const std::string text(embedded_file(file));
  return tables.emplace(isa, parse_tuned_table(text, "schedules/tuned/" + file, isa)).first->second;
}

TunedTable tuned_table(Isa isa, const TunedTables& tables) {
  TunedTable table = tuned_table(isa);
  if (const auto given = tables.find(isa); given != tables.end()) {
    for (const auto& [signature, tuned] : given->second) table[signature] = tuned;
  }
  return table;
}

}  // namespace qatc
