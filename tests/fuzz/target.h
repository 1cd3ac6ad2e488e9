/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * target.h - a reader of data from outside, as a function of bytes: whatever they are, it ends
 * within its bounds, and what it refuses it refuses with a code and words.  `target.c` lists
 * which there are, `target_name.c` is one of them.  `make fuzz` feeds them by libFuzzer,
 * test_fuzz.c by the corpus in corpus/<name>, its truncations and its mutations.
 */
#ifndef FUZZ_TARGET_H
#define FUZZ_TARGET_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct target {
    const char *name, *summary;
    void (*read)(const uint8_t *bytes, size_t len);
    /* A well-formed input, where none can stand in the tree; NULL: there is one in the corpus.
     * The caller frees. */
    uint8_t *(*seed)(size_t *len);
};
extern const struct target *const targets[]; /* NULL at its end */
const struct target *target_find(const char *name);

/* --- what they share --- */

/* A folder in memory that lives as long as the program. */
const char *target_folder(void);

/* A folder in it, "kind-<n>" for n below 4, so that no input finds the files of one of another
 * kind; the caller frees the name. */
char *target_kind_folder(unsigned kind);

/* Puts bytes into that folder under a name; the program ends where that fails. */
void target_put(const char *name, const void *bytes, size_t len);

/* Takes one away that may be there. */
void target_remove(const char *name);

/* "folder/name"; the caller frees. */
char *target_path(const char *name);

/* A refusal must say something, with a code; else the program aborts.  (What it quotes may hold
 * anything: where it is printed, control characters are escaped.) */
void target_check_refusal(const struct err *err);

/*
 * Inputs of several files.  A part is two bytes, little-endian - its length in 14 bits, and in the
 * upper two a kind that the target may give a meaning - and so many bytes, or those that are left.
 */
struct part {
    const uint8_t *at;
    size_t n;
    unsigned kind; /* 0 … 3 */
};
struct part target_part(const uint8_t **bytes, size_t *len); /* moves both behind it */

/* Two files: the first is a part, the second the rest.  Puts them into the folder. */
void target_put_two(const char *first, const char *second, const uint8_t *bytes, size_t len);
uint8_t *target_join(size_t *len, const void *first, size_t first_len, const void *second,
                     size_t second_len);

#endif
