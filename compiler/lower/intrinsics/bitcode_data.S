// Bitcode made at build time from make_ir.cpp.
    .section .rodata
    .macro bitcode name
    .balign 16
    .globl qatc_intrinsics_\name\()_begin
qatc_intrinsics_\name\()_begin:
    .incbin "intrinsics_\name\().bc"
    .globl qatc_intrinsics_\name\()_end
qatc_intrinsics_\name\()_end:
    .endm
    bitcode sse2
    bitcode avx2
    bitcode avx512vnni
    bitcode neon
    .section .note.GNU-stack,"",%progbits
