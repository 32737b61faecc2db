/* peak.h - how many 8-bit multiply-adds this core can do: loops of nothing but the instructions of a convolution, on
 * registers. No kernel can exceed them, so they are what kernels are measured against. */
#ifndef QATC_TESTS_BENCH_PEAK_H
#define QATC_TESTS_BENCH_PEAK_H

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qatc_peak {
  const char* isa;          /**< the compiler's name of the instruction set that uses it */
  const char* instructions; /**< as in the assembly */
  double multiply_adds;     /**< of one iteration of the loop */
  int (*supported)(void);   /**< by this CPU */
  void (*run)(long iterations);
} qatc_peak;

/** The fastest of this machine's architecture that runs here. */
const qatc_peak* qatc_fastest_peak(void);

/** The loop of an instruction set, or NULL where it has none that runs here. */
const qatc_peak* qatc_find_peak(const char* isa);

/** GMAC/s of one burst of about `seconds`. Take the best of several: other programs share the machine. */
double qatc_measure_peak(const qatc_peak* peak, double seconds);

#ifdef __cplusplus
}
#endif

#endif /* QATC_TESTS_BENCH_PEAK_H */
