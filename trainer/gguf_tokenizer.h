/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gguf_tokenizer.h - the tokenizer in a GGUF's metadata (tokenizer.ggml.*), of the byte-level kind
 * that is called "gpt2" there.
 *
 * How text is cut is told by a name (tokenizer.ggml.pre) whose expression every program knows by
 * heart; files that are written here say it in tokenizer.nightshift.pattern too.
 */
#ifndef TRAINER_GGUF_TOKENIZER_H
#define TRAINER_GGUF_TOKENIZER_H

#include "gguf.h"
#include "gguf_out.h"
#include "tokenizer.h"

/* Exit 2 where there is none, or one of another kind. */
int gguf_tokenizer_read(struct tokenizer **out, const struct gguf *g, struct err *err);

/*
 * Adds it to a header, for a model of `vocab` rows, of which those without a token are marked
 * unused; NULL: says that there is none.
 */
void gguf_tokenizer_add(struct gguf_out *g, const struct tokenizer *t, size_t vocab);

/* The name by which others know how it cuts text; NULL where they know none. */
const char *gguf_tokenizer_pre(const struct tokenizer *t);

#endif
