#include "lower/intrinsics/bitcode.h"

#include "support/embedded.h"
#include "support/error.h"

namespace qatc {

std::string_view intrinsics_bitcode(Isa isa) {
  switch (isa) {
#define QATC_ISA(isa, arch, name, intrinsics, ...) \
  case Isa::isa:                                   \
    return embedded_file("intrinsics_" #intrinsics ".bc");
#include "schedules/isas.def"
#undef QATC_ISA
  }
  QATC_CHECK(false, "unknown instruction set");
}

}  // namespace qatc
