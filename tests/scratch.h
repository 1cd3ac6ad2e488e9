/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scratch.h - a folder for one test, and small files in it.  Include after cmocka.h.
 */
#ifndef TESTS_SCRATCH_H
#define TESTS_SCRATCH_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "file.h"
#include "mem.h"
#include "rng.h"

/* A new folder below $TMPDIR or /tmp; scratch_remove() takes it away with all that is in it. */
static inline char *scratch_new(void)
{
    const char *base = getenv("TMPDIR");
    char *dir = mem_printf("%s/nightshift-test-XXXXXX", base != NULL ? base : "/tmp");

    if (mkdtemp(dir) == NULL)
        fail_msg("%s: cannot be made", dir);
    return dir;
}

static inline void scratch_remove(char *dir)
{
    struct err err = {0};

    if (file_remove(dir, &err) != 0)
        fail_msg("%s", err.text);
    free(dir);
}

static inline void scratch_write(const char *dir, const char *name, const void *bytes, size_t len)
{
    struct err err = {0};
    char *path = path_join(dir, name);

    if (file_write(path, bytes, len, &err) != 0)
        fail_msg("%s", err.text);
    free(path);
}

/*
 * n uint16 tokens below `vocab` with something to learn in them: each is 3 times the one before
 * plus 1, modulo vocab, and one in four is drawn at random.
 */
static inline void scratch_tokens(const char *dir, const char *name, size_t n, uint32_t vocab,
                                  uint64_t index)
{
    unsigned char *bytes = mem_new(n, 2);
    struct rng rng;
    uint32_t token = 0;

    rng_init(&rng, 1, "test tokens", index);
    for (size_t i = 0; i < n; i++) {
        token =
            rng_uniform(&rng) < 0.25 ? (uint32_t)rng_below(&rng, vocab) : (3 * token + 1) % vocab;
        bytes[2 * i] = (unsigned char)token;
        bytes[2 * i + 1] = (unsigned char)(token >> 8);
    }
    scratch_write(dir, name, bytes, 2 * n);
    free(bytes);
}

#endif
