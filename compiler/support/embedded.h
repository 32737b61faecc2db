#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace qatc {

/// The bytes of a file that is part of this program, so that it needs no installed files of its own; compiler/CMakeLists.txt
/// lists them. `name`: without its folder.
std::string_view embedded_file(std::string_view name);

/// Writes embedded files into a folder, which exists.
void write_embedded_files(std::initializer_list<const char*> names, const std::string& folder);

}  // namespace qatc
