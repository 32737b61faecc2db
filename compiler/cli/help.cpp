#include "cli/help.h"

#include <algorithm>
#include <sstream>
#include <vector>

namespace qatc {

namespace {

struct Entry {
  std::string what, text;
};

bool is_flag(const CLI::Option& option) { return option.get_type_size_max() == 0; }

/// `-o, --output DIR`, or `MODEL` for a positional.
std::string option_head(const CLI::Option& option) {
  if (option.get_positional()) return option.get_type_name();
  std::string head;
  for (const std::string& name : option.get_snames()) head += "-" + name + ", ";
  for (const std::string& name : option.get_lnames()) head += "--" + name + ", ";
  head.resize(head.size() - 2);
  return is_flag(option) ? head : head + " " + option.get_type_name();
}

/// Two columns; further lines of a text stay in the second.
std::string table(const std::vector<Entry>& entries) {
  size_t width = 0;
  for (const Entry& entry : entries) width = std::max(width, entry.what.size());
  std::string text;
  for (const Entry& entry : entries) {
    std::string head = "  " + entry.what + std::string(width - entry.what.size(), ' ');
    std::istringstream lines(entry.text);
    for (std::string line; std::getline(lines, line);) {
      text += head + "  " + line + "\n";
      head = std::string(width + 2, ' ');
    }
  }
  return text;
}

std::string usage(const CLI::App& app, const std::string& name) {
  std::string text = "usage: " + name;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional())
      text += " " + option->get_type_name() + (option->get_items_expected_max() > 1 ? "..." : "");
  }
  const bool has_commands = !app.get_subcommands([](const CLI::App*) { return true; }).empty();
  return text + (has_commands ? " COMMAND ..." : " [options]") + "\n";
}

}  // namespace

std::string help_text(const CLI::App* app, const std::string& name, CLI::AppFormatMode /*mode*/) {
  std::vector<Entry> commands;
  for (const CLI::App* command : app->get_subcommands([](const CLI::App*) { return true; })) {
    const std::string description = command->get_description();
    commands.push_back({command->get_name(), description.substr(0, description.find('\n'))});
  }
  std::vector<Entry> options;
  for (const CLI::Option* option : app->get_options()) {
    options.push_back({option_head(*option), option->get_description()});
  }
  std::stable_partition(options.begin(), options.end(), [](const Entry& entry) { return entry.what[0] != '-'; });
  return usage(*app, name) + "\n" + app->get_description() + "\n\n" + (commands.empty() ? "" : table(commands) + "\n") +
         table(options) + (app->get_footer().empty() ? "" : "\n" + app->get_footer() + "\n");
}

}  // namespace qatc
