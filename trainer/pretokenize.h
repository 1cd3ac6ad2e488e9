/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pretokenize.h - text cut into pieces (words with their blank, numbers, punctuation) that the
 * tokenizer's merges never cross.
 *
 * The cut is a published regular expression, run by PCRE2 with Unicode properties.  What no match
 * covers is a piece too, and so is each run of bytes that are not UTF-8: the pieces put together
 * are the text, whatever its bytes.
 *
 * Invariant: a piece depends only on the PIECE_WINDOW bytes from its start, as if the text ended
 * there.  So a text may arrive in chunks of any size and the pieces are the same, and no piece is
 * longer than the window.  A pattern that looks behind the piece's start would break this and is
 * refused.
 */
#ifndef TRAINER_PRETOKENIZE_H
#define TRAINER_PRETOKENIZE_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

#define PIECE_WINDOW 65536 /* bytes */

/* A pattern with a name of its own. */
struct split_pattern {
    const char *name, *regex, *summary;
};
extern const struct split_pattern split_patterns[];
extern const size_t split_patterns_n;

/* The regular expression of that name, or `text` itself where it names none.  Borrowed. */
const char *split_pattern_find(const char *text);

/* A compiled pattern with its scratch memory: one thread at a time. */
struct pretokenizer;
int pretokenizer_new(struct pretokenizer **out, const char *regex, struct err *err);
void pretokenizer_free(struct pretokenizer *p);
const char *pretokenizer_regex(const struct pretokenizer *p); /* borrowed */

/*
 * Text that arrives in chunks, handed on piece by piece.  `piece` is called for each piece in
 * order; the bytes are good during the call only; -1 from it ends the work.  Zero the struct, then
 * set `by`, `piece` and `context`.
 */
struct piece_stream {
    struct pretokenizer *by; /* borrowed */
    int (*piece)(void *context, const unsigned char *bytes, size_t n, struct err *err);
    void *context;
    unsigned char *held; /* what waits for more text: the last window */
    size_t held_n, held_room;
};

int piece_stream_add(struct piece_stream *s, const unsigned char *bytes, size_t n, struct err *err);
int piece_stream_end(struct piece_stream *s, struct err *err); /* the text ends here */
void piece_stream_clear(struct piece_stream *s);               /* drops what is held */

/* Length of the UTF-8 character (RFC 3629) at the front of n bytes; 0 where there is none. */
size_t utf8_length(const unsigned char *at, size_t n);

#endif
