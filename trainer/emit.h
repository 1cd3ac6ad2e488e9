/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * emit.h - what goes to standard output: one JSON object a line, or a text; flushed at once.
 *
 * Keys of times and rates end in _s, _per_s or _mib: these alone differ between two runs of the
 * same config and seed.
 */
#ifndef TRAINER_EMIT_H
#define TRAINER_EMIT_H

#include <jansson.h>

#include "err.h"

/* Prints the object and drops the reference. */
int emit_object(json_t *object, struct err *err);

/* Prints {"key": value} and drops the reference to the value. */
int emit_value(const char *key, json_t *value, struct err *err);

/* Prints a text as it is. */
int emit_text(const char *text, struct err *err);

#endif
