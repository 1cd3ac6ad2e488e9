/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * token_file.h - token ids written one after the other: raw little-endian uint16, or uint32 where
 * the vocabulary is larger than 65,536.
 */
#ifndef TRAINER_TOKEN_FILE_H
#define TRAINER_TOKEN_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "err.h"

struct token_file {
    FILE *file;
    char *path;
    int width; /* bytes a token: 2 or 4 */
    int64_t tokens;
};

/* Bits a token takes for a vocabulary of that size: 16 or 32. */
int token_bits(uint32_t vocab);

int token_file_create(struct token_file *f, const char *path, int bits, struct err *err);
int token_file_add(struct token_file *f, const uint32_t *ids, size_t n, struct err *err);
int token_file_finish(struct token_file *f, struct err *err); /* synced and closed */
void token_file_drop(struct token_file *f);                   /* closes what is still open */

#endif
