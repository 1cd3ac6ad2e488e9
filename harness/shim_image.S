/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The shim's program, byte for byte; the build says where it lies. */
    .section .rodata
    .global shim_image, shim_image_len
shim_image:
    .incbin SHIM_PROGRAM
shim_image_end:
    .balign 8
shim_image_len:
    .quad shim_image_end - shim_image
    .section .note.GNU-stack, "", %progbits
