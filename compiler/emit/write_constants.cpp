#include "emit/write_constants.h"

#include "support/files.h"

namespace qatc {

void write_constants(const std::vector<Constant>& constants, const Target& target, const std::string& stem) {
  const bool apple = is_apple(target);
  std::string bytes;
  std::string text = apple ? "    .section __TEXT,__const\n" : "    .section .rodata,\"a\",%progbits\n";
  for (const Constant& constant : constants) {
    const std::string symbol = (apple ? "_" : "") + constant.symbol;
    text += "    .p2align 6\n    .globl " + symbol + "\n    " + (apple ? ".private_extern " : ".hidden ") + symbol +
            "\n" + symbol + ":\n    .incbin \"" + stem + ".bin\", " + std::to_string(bytes.size()) + ", " +
            std::to_string(constant.bytes.size()) + "\n";
    bytes.append(constant.bytes.begin(), constant.bytes.end());
  }
  if (!apple) text += "    .section .note.GNU-stack,\"\",%progbits\n";
  write_file_atomically(stem + ".bin", bytes);
  write_file_atomically(stem + ".s", text);
}

}  // namespace qatc
