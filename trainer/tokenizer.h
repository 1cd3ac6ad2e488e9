/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tokenizer.h - bytes to token ids and back: pieces by a pattern, then byte-pair merges.
 *
 * Invariant: every byte string encodes, and decodes back exactly.  Encoding never yields a special
 * token: `<|endoftext|>` in the text is text; who builds a corpus puts the mark's id between
 * documents.
 *
 * On disk it is Hugging Face's tokenizer.json of the byte-level kind (model BPE, pre-tokenizer
 * Split and ByteLevel), which other programs open, and whose common forms (GPT-2, SmolLM, cl100k,
 * Llama 3, Qwen) open here.
 */
#ifndef TRAINER_TOKENIZER_H
#define TRAINER_TOKENIZER_H

#include <stddef.h>
#include <stdint.h>

#include "bpe.h"
#include "err.h"
#include "pretokenize.h"
#include "str.h"

#define ENDOFTEXT           "<|endoftext|>"
#define TOKENIZER_VOCAB_MIN 257 /* the bytes and the mark */
#define TOKENIZER_VOCAB_MAX 1000000

struct tokenizer;

/*
 * A tokenizer from merges as bpe_train() makes them: bytes are 0 … 255, merge r is 256 + r, and
 * ENDOFTEXT comes last, so that the vocabulary is 257 + n.  The merges are copied.
 */
int tokenizer_new(struct tokenizer **out, const char *regex, const struct merge *merges, size_t n,
                  struct err *err);

/* Reads tokenizer.json in the folder `dir`.  Encoding uses scratch inside: one thread at a time. */
int tokenizer_open(struct tokenizer **out, const char *dir, struct err *err);
void tokenizer_free(struct tokenizer *t);

/* The same from the parsed text of such a file; `name` stands in errors. */
struct json_t;
int tokenizer_from_json(struct tokenizer **out, const struct json_t *root, const char *name,
                        struct err *err);

uint32_t tokenizer_vocab(const struct tokenizer *t);    /* ids are below it */
int64_t tokenizer_endoftext(const struct tokenizer *t); /* the mark's id; -1 where it has none */
const char *tokenizer_regex(const struct tokenizer *t); /* borrowed */

/* The id that belongs in front of every text (Llama 3's <|begin_of_text|>); -1 where none does. */
int64_t tokenizer_begin(const struct tokenizer *t);
void tokenizer_set_begin(struct tokenizer *t, int64_t id);

struct token_table;
const struct token_table *tokenizer_table(const struct tokenizer *t); /* borrowed */
struct pretokenizer *tokenizer_pieces(struct tokenizer *t);           /* borrowed */

/* Adds the ids of n bytes to `out`. */
int tokenizer_encode(struct ids *out, struct tokenizer *t, const void *bytes, size_t n,
                     struct err *err);

/* Adds the ids of one piece (see piece_stream). */
void tokenizer_encode_piece(struct ids *out, struct tokenizer *t, const unsigned char *piece,
                            size_t n);

/* The bytes of one token; NULL for an id that stands for nothing.  Borrowed, not terminated. */
const unsigned char *tokenizer_decode(size_t *n, const struct tokenizer *t, uint32_t id);

/* Adds the text of tokenizer.json: equal tokenizers give equal bytes. */
void tokenizer_write(struct str *out, const struct tokenizer *t);

#endif
