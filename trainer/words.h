/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * words.h - how often each piece of text occurs, in bounded memory.
 *
 * When the table is full the rarest words are dropped (after Manku & Motwani 2002, lossy
 * counting); what is dropped depends on the text alone.
 */
#ifndef TRAINER_WORDS_H
#define TRAINER_WORDS_H

#include <stddef.h>
#include <stdint.h>

struct word {
    size_t at; /* its first byte in `bytes` */
    uint32_t n;
    int64_t count;
};

struct words {
    struct word *word; /* [n] in the order of first occurrence */
    size_t n;
    unsigned char *bytes;
    size_t bytes_n, bytes_room;
    uint32_t *slots; /* [slots_n] open addressing: word number + 1; 0 is free */
    size_t slots_n;
    size_t limit;    /* the most words kept */
    int64_t dropped; /* occurrences lost by dropping */
};

#define WORDS_LIMIT ((size_t)1 << 22)
#define WORD_BYTES  1024 /* of a longer piece only these are counted: no token is longer */

void words_init(struct words *w, size_t limit); /* limit > 1 */
void words_clear(struct words *w);
void words_add(struct words *w, const unsigned char *bytes, size_t n);

#endif
