// Bitcode made at build time from make_lookup_ir.cpp.
    .section .rodata
    .macro bitcode name
    .balign 16
    .globl qatc_lookup_\name\()_begin
qatc_lookup_\name\()_begin:
    .incbin "lookup_\name\().bc"
    .globl qatc_lookup_\name\()_end
qatc_lookup_\name\()_end:
    .endm
    bitcode sse2
    bitcode avx2
    bitcode avx512vnni
    bitcode neon
    .section .note.GNU-stack,"",%progbits
