/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tokenizer_json.h - a tokenizer's table, and its form as Hugging Face's tokenizer.json.
 *
 * There a token's bytes are spelt in printable characters, as GPT-2 does (openai/gpt-2,
 * encoder.py, bytes_to_unicode): a byte that prints in Latin-1 is itself, the others are
 * U+0100, U+0101, … in order.  A space becomes U+0120, a newline U+010A.
 *
 * Reading accepts what byte-level tokenizers hold, and refuses what would change the ids and is
 * not done here (prefix spaces, dropout, byte fallback, …): ids that are nearly right are wrong.
 * One exception: a normalizer NFC is passed over, so that any bytes come back.  Text that is in
 * that form already, as nearly all is, has the same ids.
 */
#ifndef TRAINER_TOKENIZER_JSON_H
#define TRAINER_TOKENIZER_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpe.h"
#include "err.h"
#include "json.h"
#include "str.h"

struct token {
    unsigned char *bytes; /* NULL where the id stands for nothing */
    size_t n;
    bool special; /* stands for itself, never for text */
};

struct token_table {
    struct token *token; /* [n], by id */
    size_t n;
    uint32_t byte_ids[256];
    struct merge *merges; /* [merges_n], by rank */
    size_t merges_n;
    int64_t endoftext; /* -1: none */
    int64_t begin;     /* put in front of a text by its post-processor; -1: none */
    bool whole_first;  /* a piece that is a token is that token (ignore_merges) */
    char *regex;       /* how text is cut into pieces */
};

void token_table_clear(struct token_table *table);

/* Gives `id` a copy of these bytes; the table grows as needed. */
void token_table_set(struct token_table *table, uint32_t id, const void *bytes, size_t n);

/* Adds the characters that stand for the token's bytes. */
void token_add_spelling(struct str *out, const struct token *token);

/* `table` is zeroed before; the caller clears it in any case. */
int token_table_read(struct token_table *table, const json_t *root, struct err *err);
void token_table_write(struct str *out, const struct token_table *table);

#endif
