/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * json.h - what jansson leaves to us: numbers that read back exactly in their shortest spelling,
 * one canonical text for hashing, and errors with a place.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "err.h"
#include "str.h"

/*
 * The value as one line: keys sorted, no blanks, numbers by number_text(), so that equal values
 * have equal bytes.  A real that is not finite cannot be in a jansson value.
 */
void json_write(struct str *out, const json_t *value);

/* "text" with JSON's escapes, in quotes. */
void json_write_string(struct str *out, const char *text);

/* `"name":`, behind a comma where it is not the first of its object. */
void json_write_key(struct str *out, const char *name, bool first);

/* A JSON number, or null where x is not finite (unknown is null, never 0). */
json_t *json_number_or_null(double x);

/* What json_write() writes of json_number_or_null(), of an integer, of true or false. */
void json_write_number(struct str *out, double x);
void json_write_integer(struct str *out, long long n);
void json_write_bool(struct str *out, bool yes);

/* Parses a whole text (duplicate keys refused); `name` stands in the error: "name:3:7: …".  The
 * caller decrefs. */
int json_read(json_t **out, const char *text, size_t len, const char *name, struct err *err);

/* The same of a file of at most `max` bytes. */
int json_read_file(json_t **out, const char *path, size_t max, struct err *err);

#endif
