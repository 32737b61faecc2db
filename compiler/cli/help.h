#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace qatc {

/// The --help text of the program or of a subcommand, from what the option definitions say. Ours rather than CLI11's,
/// which looks different from version to version.
std::string help_text(const CLI::App* app, const std::string& name, CLI::AppFormatMode mode);

}  // namespace qatc
