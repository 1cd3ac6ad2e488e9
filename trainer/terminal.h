/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * terminal.h - text that a model wrote, on its way to standard output: as it is into a file or a
 * pipe; on a terminal without control characters, which could make it do anything.
 */
#ifndef TRAINER_TERMINAL_H
#define TRAINER_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "str.h"

struct terminal {
    bool plain;      /* no terminal: bytes as they are */
    struct str held; /* a character that is not whole yet */
};

void terminal_init(struct terminal *t); /* looks what standard output is */

/* Writes and flushes.  A generator_sink: `context` is the struct terminal. */
int terminal_write(void *context, const char *bytes, size_t n, struct err *err);
int terminal_end(struct terminal *t, struct err *err); /* what is held, and a newline */

/* Adds the text as a terminal may see it: but for tab and newline, control characters, and what is
 * no UTF-8, become \xNN.  Returns the bytes used: a character that may go on is left. */
size_t terminal_add(struct str *out, const char *bytes, size_t n);

/* Adds the text with U+FFFD for each byte that is no UTF-8. */
void terminal_mend(struct str *out, const char *bytes, size_t n);

#endif
