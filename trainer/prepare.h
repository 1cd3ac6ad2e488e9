/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * prepare.h - from text files to a folder that `train` reads: tokenizer.json, train.bin, val.bin,
 * test.bin and meta.json (docs/data.md describes them).
 *
 * The tokenizer learns from the training split alone.  The folder appears whole or not at all, and
 * the same text and options give the same bytes, whatever the machine, the paths and the chunk.
 */
#ifndef TRAINER_PREPARE_H
#define TRAINER_PREPARE_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

#include "corpus.h"
#include "err.h"

#define PREPARE_END_AUTO (-1)

struct prepare_options {
    const char *const *texts; /* [texts_n] paths */
    size_t texts_n;
    const char *out;       /* the folder */
    uint32_t vocab;        /* 257 … TOKENIZER_VOCAB_MAX */
    double val, test;      /* shares of the text */
    int end;               /* enum document_end, or PREPARE_END_AUTO */
    const char *regex;     /* how text is cut into pieces */
    const char *tokenizer; /* a folder with tokenizer.json, or a model: its tokenizer is used and
                              none learned; vocab and regex are its own.  NULL: one is learned */
    int64_t train_bytes;   /* how much of the training split the tokenizer learns from; 0: all */
    size_t chunk;          /* bytes read at a time; 0: CORPUS_CHUNK */
    size_t word_limit;     /* distinct pieces counted at most; 0: WORDS_LIMIT */
    const volatile sig_atomic_t *stop; /* turns non-zero to end the work; NULL: never */
};

/* Says on standard error what it does and how fast. */
int prepare(const struct prepare_options *options, struct err *err);

#endif
