/* The example programs, which `qatc run` and `qatc verify` compile, as they are in the source tree; see example_program.cpp. */
.macro embed symbol, file
  .global \symbol
  .global \symbol\()_end
\symbol:
  .incbin "\file"
\symbol\()_end:
.endm

.section .rodata
embed qatc_source_enhance, "runtime/examples/enhance.c"
embed qatc_source_run_case, "runtime/examples/run_case.c"
embed qatc_source_model, "runtime/examples/model.h"
embed qatc_source_stb_image, "stb/stb_image.h"
embed qatc_source_stb_image_write, "stb/stb_image_write.h"

.section .note.GNU-stack, "", %progbits
