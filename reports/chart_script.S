/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The script of the report's charts, byte for byte; the build says where it lies. */
    .section .rodata
    .global chart_script, chart_script_len
chart_script:
    .incbin CHART_SCRIPT
chart_script_end:
    .balign 8
chart_script_len:
    .quad chart_script_end - chart_script
    .section .note.GNU-stack, "", %progbits
