/* print_peak [ISA] - prints the GMAC/s of a core's 8-bit dot product: of an instruction set, or of the fastest that this
 * CPU has. 0 where it has none of that name. */
#include <stdio.h>

#include "peak.h"

int main(int argc, char** argv) {
  size_t count = 0;
  const qatc_peak* peak = qatc_peaks(&count);
  if (argc > 1) {
    peak = qatc_find_peak(argv[1]);
  } else {
    while (!peak->supported()) ++peak; /* the last one is the architecture's baseline */
  }
  double best = 0;
  for (int i = 0; peak != NULL && i < 10; ++i) {
    const double rate = qatc_measure_peak(peak, 0.02);
    best = rate > best ? rate : best;
  }
  printf("%.1f\n", best);
  return 0;
}
