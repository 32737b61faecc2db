#pragma once

#include <string_view>

namespace qatc {

/// A source file of runtime/ as it was when qatc was built: "qatc_runtime.h", "qatc_runtime.c",
/// "qatc_driver_support.h", "qatc_cpu.h", "qatc_cpu.c", "qatc_threads.h", "qatc_threads.c". qatc needs no installed
/// files of its own.
std::string_view embedded_file(std::string_view name);

}  // namespace qatc
