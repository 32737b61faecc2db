#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace qatc {

/// Why one node, tensor or input cannot be imported, without the file's or the node's name: whoever walks the graph
/// knows them, adds them, and goes on to the next node, so that the user sees all faults at once.
class Refusal : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// `'name'` for messages. A hostile file's names are shortened and kept to one line.
std::string quoted(std::string_view name);

}  // namespace qatc
