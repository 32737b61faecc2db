// The tables of schedules/tuned/; see tuned_table.cpp.
    .section .rodata
    .macro embed stem
    .globl qatc_tuned_\stem\()_begin
qatc_tuned_\stem\()_begin:
    .incbin "\stem\().txt"
    .globl qatc_tuned_\stem\()_end
qatc_tuned_\stem\()_end:
    .endm
    embed x86_64_base
    embed x86_64_avx2
    embed x86_64_avxvnni
    embed x86_64_avx512vnni
    embed arm64_base
    embed arm64_dotprod
    embed arm64_i8mm
    .section .note.GNU-stack,"",%progbits
