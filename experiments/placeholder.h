/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * placeholder.h - {word} inside an element of trainer.command.
 *
 * A placeholder is a brace, a word as parameters are named, a brace.  Other braces, such as those
 * of JSON text, are left alone.
 */
#ifndef EXPERIMENTS_PLACEHOLDER_H
#define EXPERIMENTS_PLACEHOLDER_H

#include <stdbool.h>
#include <stddef.h>

enum placeholder {
    PLACEHOLDER_CONFIG,
    PLACEHOLDER_SEED,
    PLACEHOLDER_DIR,
    PLACEHOLDER_STEPS,
    PLACEHOLDER_STUDY_DIR,
    PLACEHOLDER_ARGS,
    PLACEHOLDER_PARAMETER, /* any other word */
};

/* Length of the word at `text` that is a name: [A-Za-z_][A-Za-z0-9_.-]*; 0 when there is none. */
size_t name_length(const char *text);

/* The next placeholder of `text`, its length with both braces in *len; NULL when there is none. */
const char *placeholder_find(size_t *len, const char *text);

/* Which one it is, by its word [len] without braces. */
enum placeholder placeholder_kind(const char *word, size_t len);

#endif
