#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "ir/graph.h"
#include "ops/op.h"
#include "schedules/scheduler.h"
#include "schedules/tuned_table.h"

namespace qatc {

// Options that several commands have, so that they are the same in all of them.

void add_model_option(CLI::App& app, std::string& model);
void add_rounding_option(CLI::App& app, Rounding& rounding);
CLI::Option* add_scheduler_option(CLI::App& app, Scheduler& scheduler);
/// A whole number from `least` to `most`; `count` has the default.
CLI::Option* add_count_option(CLI::App& app, const std::string& name, int& count, int least, int most,
                              const std::string& description);
/// A command as users write it, e.g. `qemu-aarch64 -cpu max`; an empty one is refused, since it would stand for none.
CLI::Option* add_command_option(CLI::App& app, const std::string& name, std::string& command,
                                const std::string& description);
/// --table FILE, as often as there are tables.
CLI::Option* add_table_option(CLI::App& app, std::vector<std::string>& tables);
/// Reads them. Throws UserError where one cannot be read, UsageError where it is of no use: for an instruction set that
/// none of the targets (see parse_target_set) has, or that another is for.
TunedTables read_tables(const std::vector<std::string>& paths, const std::vector<std::string>& targets);
void add_threads_option(CLI::App& app, int& threads);
CLI::Option* add_jobs_option(CLI::App& app, int& jobs);
/// Where --print-after is given, `after_pass` becomes a printer of that pass's graph to stdout.
void add_print_after_option(CLI::App& app,
                            std::function<void(const std::string& pass, const Graph& graph)>& after_pass);

std::string rounding_name(Rounding rounding);

}  // namespace qatc
