/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * yaml.h - a YAML 1.2 or JSON text as a tree in which every node knows its line and column.
 *
 * Scalars stay text until one of the strict readings below takes the whole of them, so that 1_000,
 * 0x10, 1e-5x, NaN or "no" never become something else than what a person sees.  Anchors, aliases,
 * tags, merge keys, duplicate keys, a second document, control characters and invalid UTF-8 are
 * refused.  Every error is one usage error: "name:line:column: …".
 */
#ifndef EXPERIMENTS_YAML_H
#define EXPERIMENTS_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

enum {
    YAML_MAX_BYTES = 1 << 20, /* of a text */
    YAML_MAX_DEPTH = 32,      /* lists and maps within each other */
    YAML_MAX_ITEMS = 1000,    /* of one list or map */
};

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml {
    enum yaml_kind kind;
    const char *file; /* borrowed: the name that stands in errors */
    int line, column; /* where it begins; 1 is the first */

    char *key; /* as the member of a map; NULL elsewhere */
    int key_line, key_column;

    char *text;    /* of a scalar, without quotes */
    bool plain;    /* written without quotes, so it may be a number, true, false or null */
    bool verbatim; /* stands in the file byte by byte, so that places within it can be told */

    struct yaml **items; /* [n] of a list or a map, in the order of the file */
    size_t n;
};

/* Parses text [len]; `name` must outlive the tree.  The caller frees with yaml_free(). */
int yaml_parse(struct yaml **out, const char *text, size_t len, const char *name, struct err *err);
void yaml_free(struct yaml *node); /* NULL is fine */

/* Usage errors at a node, at its key, and at character `at` (1 is the first) of a scalar's text. */
int yaml_refuse(const struct yaml *node, struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int yaml_refuse_key(const struct yaml *node, struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int yaml_refuse_at(const struct yaml *node, int at, struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* The member of a map, NULL where it is absent. */
const struct yaml *yaml_find(const struct yaml *map, const char *key);

/* One key of a map and what reads its value into `into`.  A table ends with a NULL name. */
struct yaml_key {
    const char *name;
    bool required;
    int (*read)(void *into, const struct yaml *node, struct err *err); /* NULL: nothing to do */
};

/*
 * Reads a map by its table, in the order of the file.  An unknown key is refused with a suggestion,
 * a missing required one is named; a node that is no map is refused.
 */
int yaml_read_map(void *into, const struct yaml *node, const struct yaml_key *keys,
                  struct err *err);

/* --- strict readings of scalars --------------------------------------------------------------- */

/* What is written: a plain scalar is a number, true, false, null or a word. */
enum yaml_type { YAML_TEXT, YAML_NUMBER, YAML_BOOL, YAML_NULL };

/*
 * The type of a scalar, its number (1 or 0 for a boolean) in *number.  -1 for a list or map, and
 * for a plain scalar that begins like a number and is none, or is not finite.
 */
int yaml_read_type(enum yaml_type *type, double *number, const struct yaml *node, struct err *err);

int yaml_read_number(double *out, const struct yaml *node, double min, double max, struct err *err);
int yaml_read_integer(uint64_t *out, const struct yaml *node, uint64_t min, uint64_t max,
                      struct err *err);

/* Text of 1 … max bytes, without control characters; borrowed.  Any scalar but null is text. */
int yaml_read_text(const char **out, const struct yaml *node, size_t max, struct err *err);

/* "15m", "90s", "1h30m", "0.5h", "2d", or a plain number of seconds; positive, at most 366 days. */
int yaml_read_duration(double *seconds, const struct yaml *node, struct err *err);

/* Bytes: "1GiB", "512MiB", "64KiB" (powers of 1024), "1GB" (of 1000), or a plain number of them. */
int yaml_read_size(double *bytes, const struct yaml *node, double min, double max, struct err *err);

/* "HH:MM", 00:00 to 23:59; borrowed. */
int yaml_read_time(const char **out, const struct yaml *node, struct err *err);

/* A list of texts; the caller frees the array [*n] and each text, also after an error. */
int yaml_read_texts(char ***out, size_t *n, const struct yaml *node, size_t max, struct err *err);

#endif
