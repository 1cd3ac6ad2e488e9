/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stop_text.h - text that streams out until one of some strings comes: what might be the beginning
 * of one is held back until it is known.
 */
#ifndef TRAINER_STOP_TEXT_H
#define TRAINER_STOP_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "str.h"

struct stop_text {
    const char *const *stops; /* [n] none is empty; borrowed */
    size_t n;
    struct str held;
};

/*
 * Takes n more bytes and adds to `out` what is certain to come before any stop.  True when a stop
 * has come: it and what is behind it are dropped.
 */
bool stop_text_add(struct str *out, struct stop_text *s, const void *bytes, size_t n);

/* The text ends without a stop: what was held back goes to `out`. */
void stop_text_end(struct str *out, struct stop_text *s);
void stop_text_clear(struct stop_text *s); /* frees what is held */

#endif
