/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * corpus.h - text files as one stream of documents, and where it is cut into train, validation and
 * test.
 *
 * Files follow each other in the order given; an offset counts bytes over all of them.  They are
 * read in chunks, so that text larger than memory streams, and nothing depends on the chunk.  A
 * FIFO, device or folder is refused.
 */
#ifndef TRAINER_CORPUS_H
#define TRAINER_CORPUS_H

#include <stddef.h>
#include <stdint.h>

#include "data.h" /* enum split */
#include "err.h"
#include "file.h"

/* What ends a document, besides the end of a file. */
enum document_end {
    DOCUMENT_ENDOFTEXT,   /* the mark `<|endoftext|>`, which is no part of the text */
    DOCUMENT_FILES,       /* nothing else */
    DOCUMENT_BLANK_LINES, /* one or more empty lines, which belong to the document before */
};

/* "endoftext", "files", "blank-lines". */
const char *document_end_name(enum document_end end);
int document_end_find(enum document_end *out, const char *name); /* -1: no such name */

struct source {
    const char *path; /* borrowed */
    int64_t bytes;
    char sha256[SHA256_TEXT]; /* empty until the first whole reading */
};

struct corpus {
    struct source *source; /* [n] */
    size_t n;
    int64_t bytes; /* of all sources */
    enum document_end end;
    size_t chunk; /* bytes read at a time */
};

#define CORPUS_CHUNK ((size_t)1 << 20)

/* Checks and measures the files; an empty one is refused.  The paths are borrowed.  `end` and
 * `chunk` are the caller's to set. */
int corpus_open(struct corpus *c, const char *const *paths, size_t n, struct err *err);
void corpus_close(struct corpus *c);

/* What a walk over the corpus calls, in order; -1 from any of them ends it.  Any may be NULL. */
struct corpus_visitor {
    /* Text that starts at offset `at`; the bytes are good during the call only. */
    int (*text)(void *context, int64_t at, const unsigned char *bytes, size_t n, struct err *err);
    /* A document ends at offset `at` (behind its mark). */
    int (*document)(void *context, int64_t at, struct err *err);
    /* After each chunk, with the bytes read so far. */
    int (*tick)(void *context, int64_t done, struct err *err);
    void *context;
};

#define CORPUS_ALL INT64_MAX

/*
 * Reads the first `limit` bytes at least, whole chunks; CORPUS_ALL reads to the end.  The first
 * whole reading of a file notes its SHA-256; a later one fails where the file has changed.
 */
int corpus_walk(struct corpus *c, int64_t limit, const struct corpus_visitor *visitor,
                struct err *err);

/* 1 where the mark stands anywhere in the corpus, 0 where not, -1 on an error.  Of `watch` only
 * tick is called; NULL is fine. */
int corpus_holds_mark(struct corpus *c, const struct corpus_visitor *watch, struct err *err);

/* Three contiguous blocks: split s ends before offset end[s]. */
struct cuts {
    int64_t end[SPLITS];
    int at_lines; /* 1: too few documents, so that the cuts are at line ends */
};

int64_t cuts_bytes(const struct cuts *cuts, int split); /* from its start to its end */

/*
 * Walks the whole corpus and cuts it at the document borders nearest to the shares (of bytes, in
 * 0 … 1; what is left is for training).  Of `watch` only tick is called.  Where that makes a split
 * less than half or more than twice its share, the nearest line ends are taken instead.  A share of
 * 0 gives an empty split.
 */
int corpus_cut(struct cuts *out, struct corpus *c, double val, double test,
               const struct corpus_visitor *watch, struct err *err);

#endif
