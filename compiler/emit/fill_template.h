#pragma once

#include <map>
#include <string>
#include <string_view>

namespace qatc {

using TemplateValues = std::map<std::string_view, std::string>;

/// The text of emit/templates/<file> with values for its placeholders: `@name@` is where the value of `name` goes. A line
/// that is a placeholder and nothing else becomes the lines of the value, each with its end: none of an empty one. Throws
/// InternalError for a placeholder without value and for a value without placeholder.
std::string fill_template(std::string_view file, const TemplateValues& values);

}  // namespace qatc
