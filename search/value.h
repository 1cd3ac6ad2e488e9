/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * value.h - one value of a parameter, as the study file and the trainer's config know it.
 */
#ifndef SEARCH_VALUE_H
#define SEARCH_VALUE_H

#include <stdbool.h>

#include "str.h"

enum value_type {
    VALUE_NONE, /* inactive: its condition is not met, so it is not in the config at all */
    VALUE_NUMBER,
    VALUE_TEXT,
    VALUE_BOOL,
};

struct value {
    enum value_type type;
    double number;    /* VALUE_NUMBER; 0 or 1 for VALUE_BOOL */
    const char *text; /* VALUE_TEXT: borrowed from the space that the value belongs to */
};

bool value_same(const struct value *a, const struct value *b);

/* As JSON writes it: 0.0006, "adamw", true; null for VALUE_NONE.  JSON is YAML too. */
void value_write(struct str *out, const struct value *value);

/* As a person or a command line writes it: 0.0006, adamw, true; "-" for VALUE_NONE. */
void value_print(struct str *out, const struct value *value);

#endif
