#include "lower/halide_messages.h"

#include <Halide.h>

#include "support/error.h"

namespace qatc {

namespace {

class ThrowingReporter : public Halide::CompileTimeErrorReporter {
 public:
  void warning(const char* message) override {
    if (!ignores_warnings) throw InternalError(std::string("Halide warned: ") + message);
  }
  void error(const char* message) override { throw InternalError(std::string("Halide refused: ") + message); }

  bool ignores_warnings = false;
};

ThrowingReporter& reporter() {
  static ThrowingReporter the_reporter;
  return the_reporter;
}

}  // namespace

void throw_halide_messages() { Halide::set_custom_compile_time_error_reporter(&reporter()); }

HalideWarningsIgnored::HalideWarningsIgnored() { reporter().ignores_warnings = true; }
HalideWarningsIgnored::~HalideWarningsIgnored() { reporter().ignores_warnings = false; }

}  // namespace qatc
