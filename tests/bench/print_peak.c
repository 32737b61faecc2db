/* print_peak [ISA] - prints the GMAC/s of a core's 8-bit dot product: of an instruction set, or of the fastest that this
 * CPU has. 0 where it has none of that name. */
#include <stdio.h>

#include "peak.h"

int main(int argc, char** argv) {
  const qatc_peak* peak = argc > 1 ? qatc_find_peak(argv[1]) : qatc_fastest_peak();
  double best = 0;
  for (int i = 0; peak != NULL && i < 40; ++i) {
    const double rate = qatc_measure_peak(peak, 0.004);
    best = rate > best ? rate : best;
  }
  printf("%.1f\n", best);
  return 0;
}
