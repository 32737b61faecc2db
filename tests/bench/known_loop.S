// Code whose instructions are known: known_loop executes 4 + 10 * argc of them, the known_...kernel functions have
// loops as kernels do.
    .arch armv8.2-a+dotprod
    .text
    .globl main
    .type main, %function
main:
    stp x29, x30, [sp, #-16]!
    bl known_loop
    bl known_kernel
    ldp x29, x30, [sp], #16
    mov w0, #0
    ret
    .size main, .-main

    .globl known_loop
    .type known_loop, %function
known_loop:
    mov w1, w0            // once
    mov w2, #0            // once
1:
    add w2, w2, #1        // ten, argc times
    smull x5, w2, w1      // of addresses: no product of a kernel
    add w2, w2, #1
    add w2, w2, #1
    add w2, w2, #1
    add w2, w2, #1
    add w2, w2, #1
    add w2, w2, #1
    subs w1, w1, #1
    b.ne 1b
    mov w0, w2            // once
    ret                   // once
    .size known_loop, .-known_loop

    .globl known_kernel
    .type known_kernel, %function
known_kernel:
    sub sp, sp, #256
    mov x4, #10
1:                        // ten times, but not an inner loop
    mov x1, sp
    mov x29, x1           // no frame pointer here, but a register like others
    mov x3, #8
2:                        // the main loop: 8 instructions, 4 sdot, 3 of them by lane, 1 spill; 80 times
    ldr q0, [x29], #16
    sdot v16.4s, v1.16b, v0.4b[0]
    sdot v17.4s, v1.16b, v0.4b[1]
    ldr q2, [sp, #32]
    sdot v18.4s, v2.16b, v0.4b[2]
    sdot v19.4s, v2.16b, v0.16b
    subs x3, x3, #1
    b.ne 2b
    subs x4, x4, #1
    b.ne 1b
    mov x5, #2
3:                        // twice: an edge
    sdot v16.4s, v1.16b, v0.4b[0]
    subs x5, x5, #1
    b.ne 3b
    cbz x5, 5f            // forward: no loop
4:                        // never, though it has most of them
    sdot v16.4s, v1.16b, v0.4b[0]
    sdot v17.4s, v1.16b, v0.4b[0]
    sdot v18.4s, v1.16b, v0.4b[0]
    sdot v19.4s, v1.16b, v0.4b[0]
    sdot v20.4s, v1.16b, v0.4b[0]
    cbnz x5, 4b
5:
    add sp, sp, #256
    ret
    .size known_kernel, .-known_kernel

    .arch_extension i8mm
    .globl known_matrix_kernel
    .type known_matrix_kernel, %function
known_matrix_kernel:      // never runs, so that any CPU does
1:                        // 8 instructions, 4 smmla, 1 spill
    ldp q0, q1, [x1], #32
    smmla v16.4s, v0.16b, v2.16b
    smmla v17.4s, v1.16b, v2.16b
    ldr q3, [sp, #16]
    smmla v18.4s, v0.16b, v3.16b
    smmla v19.4s, v1.16b, v3.16b
    subs x3, x3, #1
    b.ne 1b
    ret
    .size known_matrix_kernel, .-known_matrix_kernel

    .globl known_widening_kernel
    .type known_widening_kernel, %function
known_widening_kernel:    // never runs
1:                        // 6 instructions, 3 products of bytes
    smull v20.8h, v0.8b, v2.8b
    smlal2 v20.8h, v0.16b, v2.16b
    sadalp v16.4s, v20.8h
    smull2 v21.8h, v1.16b, v2.16b
    subs x3, x3, #1
    b.ne 1b
2:                        // products of 16-bit numbers, as of two tensors: no conv's
    smull v20.4s, v0.4h, v2.4h
    smull2 v21.4s, v0.8h, v2.8h
    smlal v21.4s, v1.4h, v2.4h
    smull x4, w4, w4
    subs x3, x3, #1
    b.ne 2b
    ret
    .size known_widening_kernel, .-known_widening_kernel

    .section .note.GNU-stack,"",%progbits
