/* The sources of measuring programs, as they are in the source tree; see measuring_program.cpp. */
.macro embed symbol, file
  .global \symbol
  .global \symbol\()_end
\symbol:
  .incbin "\file"
\symbol\()_end:
.endm

.section .rodata
embed qatc_source_measure_kernel, "measure_kernel.c"
embed qatc_source_measure_kernel_header, "measure_kernel.h"

.section .note.GNU-stack, "", %progbits
