/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tail.h - the end of a file that may still grow.
 */
#ifndef HARNESS_TAIL_H
#define HARNESS_TAIL_H

#include "str.h"

/* The last bytes, at most `max`, of the regular file dir/name; nothing where it cannot be read. */
void tail_read(struct str *out, const char *dir, const char *name, size_t max);

/* The last line of `text` that holds more than blanks, made printable; nothing where there is none.
 */
void tail_last_line(struct str *out, const struct str *text);

#endif
