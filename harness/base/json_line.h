/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * json_line.h - one JSON object written as its members come, without a tree: the text is the one
 * that json_write() makes of an object with the same members.
 *
 * Members may come in any order and are written sorted by name; of two with one name the later one
 * counts.  A line is begun again for the next object, which needs no memory then:
 *
 *     struct json_line line = {0};
 *
 *     json_line_begin(&line);
 *     json_write_integer(json_line_add(&line, "id"), 7);
 *     json_line_end(out, &line);
 *     json_line_clear(&line);
 */
#ifndef BASE_JSON_LINE_H
#define BASE_JSON_LINE_H

#include <stddef.h>

#include "str.h"

#define JSON_LINE_MEMBERS 24

struct json_line {
    struct str text;  /* the members' values, one behind the other */
    struct str whole; /* of json_line_whole() */
    size_t n;
    struct json_member {
        const char *name; /* borrowed */
        size_t from;      /* where its value begins in `text`; it ends where the next one begins */
    } members[JSON_LINE_MEMBERS];
    size_t order[JSON_LINE_MEMBERS], n_order; /* of the members that counted in the last object */
};

void json_line_begin(struct json_line *line);
void json_line_clear(struct json_line *line); /* frees */

/* Where the caller writes the value, one whole JSON text, before the next call; the name is
 * borrowed until the line ends. */
struct str *json_line_add(struct json_line *line, const char *name);

/* The value of member i, in the order in which they came; borrowed. */
const char *json_line_value(size_t *len, const struct json_line *line, size_t i);

/* Adds the whole object. */
void json_line_end(struct str *out, struct json_line *line);

/* The whole object in a text of the line's own, to which the caller may add; good until the next
 * call. */
struct str *json_line_whole(struct json_line *line);

#endif
