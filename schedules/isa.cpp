#include "schedules/isa.h"

#include "qatc_runtime.h"

namespace qatc {

namespace {

enum Trait : unsigned { kFastQuotient = 1, kFastLookup = 2, kDotProduct = 4, kMatrixProducts = 8 };

/// A row of isas.def.
struct Facts {
  std::string_view arch, name, cpu_feature_name;
  uint32_t cpu_feature;
  int64_t bytes, int32s, accumulators, registers;
  unsigned traits;
  std::string_view features, implied;
};

constexpr Facts kFacts[] = {
#define QATC_ISA(isa, arch, name, intrinsics, cpu_feature, ...) {#arch, #name, #cpu_feature, cpu_feature, __VA_ARGS__},
#include "schedules/isas.def"
#undef QATC_ISA
};

const Facts& facts(Isa isa) { return kFacts[static_cast<size_t>(isa)]; }

bool has(Isa isa, Trait trait) { return (facts(isa).traits & trait) != 0; }

}  // namespace

bool is_arm(Isa isa) { return facts(isa).arch == "arm64"; }
bool has_fast_quotient(Isa isa) { return has(isa, kFastQuotient); }
bool has_fast_lookup(Isa isa) { return has(isa, kFastLookup); }
bool has_dot_product(Isa isa) { return has(isa, kDotProduct); }
bool has_matrix_products(Isa isa) { return has(isa, kMatrixProducts); }

std::string_view isa_name(Isa isa) { return facts(isa).name; }
std::string_view target_features(Isa isa) { return facts(isa).features; }
std::string_view implied_features(Isa isa) { return facts(isa).implied; }
uint32_t required_features(Isa isa) { return facts(isa).cpu_feature; }
std::string_view required_feature_name(Isa isa) { return facts(isa).cpu_feature_name; }

int64_t int32_vector(Isa isa, int64_t lanes) {
  int64_t vector = facts(isa).int32s;
  // At the latest this ends at 4.
  while (lanes % vector != 0) vector /= 2;
  return vector;
}

int64_t vector_registers(Isa isa) { return facts(isa).registers; }

int64_t accumulator_budget(Isa isa) { return facts(isa).accumulators; }

int64_t channel_sums_vector(Isa isa, int64_t channels) {
  // ARM64 widens eight bytes at once.
  if (is_arm(isa)) return channels % 8 == 0 ? 8 : 4;
  return int32_vector(isa, channels);
}

int64_t byte_vector(Isa isa) { return facts(isa).bytes; }

}  // namespace qatc
