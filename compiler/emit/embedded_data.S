// The files of runtime/ that compiled networks need; see embedded.def.
    .section .rodata
    .macro embed stem, file
    .globl qatc_embedded_\stem\()_begin
qatc_embedded_\stem\()_begin:
    .incbin "\file"
    .globl qatc_embedded_\stem\()_end
qatc_embedded_\stem\()_end:
    .endm
    embed qatc_runtime_h, "qatc_runtime.h"
    embed qatc_runtime_c, "qatc_runtime.c"
    embed qatc_driver_support_h, "qatc_driver_support.h"
    embed qatc_cpu_h, "qatc_cpu.h"
    embed qatc_cpu_c, "qatc_cpu.c"
    embed qatc_threads_h, "qatc_threads.h"
    embed qatc_threads_c, "qatc_threads.c"
    .section .note.GNU-stack,"",%progbits
