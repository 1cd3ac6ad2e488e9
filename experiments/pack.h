/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pack.h - texts that are nearly alike, each kept as what it differs by from one of them, its
 * pattern.
 *
 * A pattern is a row of the table `pattern`, never changed.  A packed text is a BLOB: the pattern's
 * id (LEB128), then a Zstandard frame (RFC 8878) without its magic number, compressed with the
 * pattern as raw dictionary.  What does not get smaller stays a TEXT.  In SQL:
 *
 *   packed(kind, text)  what is to be stored.  Each kind of texts ("body", "argv", …) has patterns
 *                       of its own; a text that the newest of them does not fit becomes the next,
 *                       as long as they are few.
 *   unpacked(value)     the text again, of either form; an error where it cannot be read
 */
#ifndef EXPERIMENTS_PACK_H
#define EXPERIMENTS_PACK_H

#include "query.h"

/* Both functions, for this connection. */
int pack_add_functions(struct store *store, struct err *err);

/* The text of a pattern, NULL where there is none of that id; borrowed until pack_forget(). */
const char *pack_pattern(struct store *store, int64_t id);

/* What is remembered of patterns; to be called when a transaction begins or is rolled back, since
 * an id may then stand for another text. */
void pack_forget(struct store *store);

/* Frees what the connection holds for them. */
void pack_clear(struct store *store);

#endif
