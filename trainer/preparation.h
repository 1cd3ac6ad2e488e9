/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * preparation.h - what prepare knows of its work, and how meta.json tells it.
 */
#ifndef TRAINER_PREPARATION_H
#define TRAINER_PREPARATION_H

#include <stdint.h>

#include "corpus.h"
#include "err.h"
#include "prepare.h"
#include "tokenizer.h"

/* What one split comes to. */
struct tally {
    int64_t tokens, bytes, documents; /* bytes of text, without the marks between documents */
};

struct preparation {
    const struct prepare_options *options;
    struct corpus corpus;
    struct cuts cuts;
    struct tokenizer *tokenizer;
    struct tally tally[SPLITS];
};

/* NAN where there are no tokens. */
double tally_bytes_per_token(const struct tally *tally);

/* The bytes at the front of the training split that the tokenizer learns from. */
int64_t preparation_counted(const struct preparation *p);

/* Writes meta.json into the folder that holds the other four files; no path, no time in it. */
int preparation_write_meta(const struct preparation *p, const char *dir, struct err *err);

#endif
