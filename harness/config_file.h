/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * config_file.h - a user's own configuration, YAML or JSON, in which single values are replaced and
 * every other byte stays: comments, order, spacing, quotes.
 *
 * Unlike a study file (yaml.h) it may hold whatever YAML allows; only a value that cannot be
 * replaced by itself (an alias, one with an anchor or a tag, a block of text, a list) is refused,
 * and only where it is asked for.
 */
#ifndef HARNESS_CONFIG_FILE_H
#define HARNESS_CONFIG_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "str.h"
#include "value.h"

struct config_entry {
    char *path;         /* "optimizer.lr"; elements of lists by their number, from 0 */
    const char *key;    /* the last part of it */
    const char *cannot; /* why it cannot be replaced; NULL: it can */
    char *text;         /* what it is now, without quotes; NULL where it is no scalar */
    char quote;         /* ' or ", 0: plain */
    size_t start, end;  /* bytes of the text, quotes among them */
    int line, column;   /* from 1 */
    char *new_text;     /* what takes its place; NULL: it stays */
};

struct config_file {
    char *path; /* as it was given */
    char *text;
    size_t len;
    bool json;                    /* only what JSON allows may be written */
    struct config_entry *entries; /* [n] values of maps, in the order of the file */
    size_t n;
};

/* From a file, or from text [len] that is called `path` in errors. */
int config_file_read(struct config_file *out, const char *path, struct err *err);
int config_file_parse(struct config_file *out, const char *path, const char *text, size_t len,
                      struct err *err);
void config_file_clear(struct config_file *file);

/*
 * The entry that a parameter means: the one whose whole path is its name, or else the only one
 * whose key is.  *out is NULL where there is none; two are a usage error with both places.
 */
int config_file_find(struct config_entry **out, const struct config_file *file, const char *name,
                     struct err *err);

/* Notes the new value of an entry; one that it has already, however it is spelt, stays.  A usage
 * error with its place where it cannot be replaced. */
int config_file_set(const struct config_file *file, struct config_entry *entry,
                    const struct value *value, struct err *err);

/* The text with all new values. */
void config_file_write(struct str *out, const struct config_file *file);

/* Whether that text has the same entries, all others with the values that they had. */
int config_file_check(const struct config_file *file, const struct str *text, struct err *err);

#endif
