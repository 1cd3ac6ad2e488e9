/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * generator.h - texts that a model writes on: a prompt is read, then one token after another is
 * drawn and read.
 *
 * The same model, prompt, seed and options give the same tokens, for any number of threads.
 */
#ifndef TRAINER_GENERATOR_H
#define TRAINER_GENERATOR_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpe.h"
#include "err.h"
#include "format.h"
#include "sampler.h"

/* What is asked for, of every prompt. */
struct generation {
    struct sampling sampling;
    uint64_t seed;
    size_t tokens;            /* new ones, at most */
    bool through_ends;        /* tokens that end a text are tokens like others */
    const char *const *stops; /* [n_stops] texts that end it too; they want a tokenizer */
    size_t n_stops;
    /* What a text shares with the one before is not read again; then rounding depends on that one.
     */
    bool keeps;
    const volatile sig_atomic_t *stop; /* NULL, or what ends a text when it turns non-zero */
};

enum generation_end { END_LENGTH, END_TOKEN, END_STOP, END_INTERRUPTED };
extern const char *const generation_end_names[];

/* What became of one prompt. */
struct generated {
    struct ids ids; /* new tokens, without the one that ended the text */
    enum generation_end end;
    double prompt_s, tokens_s; /* reading the prompt; the rest */
};

struct generator;

/*
 * For texts of at most `length` tokens, prompt and all.  File (with its table of
 * positions), weights and tokenizer (NULL: none) are borrowed.
 */
int generator_open(struct generator **out, const struct model_file *file, const struct weights *weights,
                   struct tokenizer *tokenizer, const struct generation *how, size_t length,
                   size_t threads, struct err *err);
void generator_close(struct generator *g); /* NULL is fine */

/*
 * Adds the ids of a prompt: what belongs in front of every text, then the text's.  Exit 2 where
 * that is nothing at all.
 */
int generator_prompt(struct ids *out, struct tokenizer *tokenizer, const char *text, size_t n,
                     struct err *err);

/* Takes bytes of new text as they come; -1 ends the work.  NULL: nobody waits for them. */
typedef int generator_sink(void *context, const char *bytes, size_t n, struct err *err);

/*
 * Writes on from the prompt, whose number in a batch picks its random stream.  `ids` of the result
 * is the caller's to clear, also after a failure.
 */
int generator_run(struct generated *out, struct generator *g, const struct ids *prompt,
                  uint64_t number, generator_sink *sink, void *context, struct err *err);

#endif
