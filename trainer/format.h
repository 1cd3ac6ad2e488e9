/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * format.h - the ways in which a model is kept in files, and a model that was opened from one.
 *
 * Opening reads and checks everything but the weights: what is wrong with a file is said before
 * any memory is taken that is not in proportion to its header.
 *
 * To add one: format_name.c with a `const struct format`, and a row in format.c.
 */
#ifndef TRAINER_FORMAT_H
#define TRAINER_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compact.h"
#include "dtype.h"
#include "err.h"
#include "model.h"
#include "storage.h"
#include "tokenizer.h"

#define MODEL_ENDS 16 /* tokens that may end a text */

struct adapter;
struct format;
struct gguf;
struct json_t;

/* Whether a residual scale belongs to weights whose format does not tell. */
enum residual { RESIDUAL_UNTOLD, RESIDUAL_NONE, RESIDUAL_DEEPNET };

/* What a file does not tell, or what is wanted instead of what it tells. */
struct format_hints {
    int seq;           /* the longest sequence; 0: the file's */
    double rope_theta; /* for a format that has none; 0: its usual one */
    enum residual residual;
};

/* A model in files, opened. */
struct model_file {
    const struct format *format;
    char *path;
    struct model model;        /* listed; the table of positions is for model_positions() to make */
    struct compact compact;    /* zero where rows are the tokens' ids */
    struct json_t *about;      /* where the weights come from; NULL where nobody says */
    uint32_t ends[MODEL_ENDS]; /* ids that the file says end a text */
    size_t n_ends;
    struct storage storage;
    const struct naming *naming;
    struct gguf *gguf;       /* of such a file */
    struct adapter *adapter; /* goes into the weights when they are loaded; NULL: none */
    const char *untold; /* what a use of the weights must be told first; NULL: nothing.  Static */
};

/* Where a model goes, and what of it. */
struct format_job {
    const char *path;
    const struct model_file *from; /* shape, tokenizer's place, origin */
    const real *weights;
    const struct dtype *dtype;
    struct tokenizer *tokenizer; /* NULL: none is known */
};

struct format {
    const char *name, *summary;
    const char *suffix; /* ".gguf": which OUT is of it; NULL: it is only read; "": a folder */
    /* Is it of this format?  `head` is the first n <= 16 bytes of a file; NULL of a folder. */
    bool (*is)(const char *path, const uint8_t *head, size_t n);
    int (*open)(struct model_file *in, const struct format_hints *hints, struct err *err);
    /* The tokenizer in it or beside it; NULL: such files have none. */
    int (*tokenizer)(struct tokenizer **out, const struct model_file *in, struct err *err);
    /* Does it keep these numbers? */
    bool (*keeps)(const struct dtype *dtype);
    int (*write)(const struct format_job *job, struct err *err);
};

extern const struct format *const formats[]; /* ends in NULL */

/* The words of --residual and --rope-theta, NULL where they were not given, into hints. */
int format_hints_read(struct format_hints *out, const char *residual, const char *rope_theta,
                      struct err *err);

/* The format that a path to write to names by its suffix; a folder is the last resort. */
const struct format *format_of_suffix(const char *path);

/*
 * Opens the file or folder at `path`, whatever its format; model_file_close() in any case.  Exit 2
 * where it is missing, of no known format, malformed, or holds a model that is not known here.
 */
int model_file_open(struct model_file *out, const char *path, const struct format_hints *hints,
                    struct err *err);
void model_file_close(struct model_file *in);

/*
 * Adapters of that model, from a folder that `train` or PEFT left: from now on its weights are
 * those with the adapters merged in.  Exit 2 where they are of another shape.
 */
int model_file_adapt(struct model_file *in, const char *dir, struct err *err);

/*
 * The weights, which the caller frees, also after a failure; on as many threads as there are
 * processors.  Exit 2 where the format leaves something untold and the hints did too.
 */
int model_file_weights(real **weights, const struct model_file *in, struct err *err);

/*
 * The weights to read from: those that stand in their files as we want them are mapped there
 * (storage_map()), which takes no time and no memory of this program's own; with adapters all are
 * copied.  weights_clear() in any case, before the file is closed or after.
 */
int model_file_view(struct weights *out, const struct model_file *in, struct err *err);

/* The same into a block [n_weights] that is there, on the pool's threads. */
int model_file_load(real *weights, const struct model_file *in, struct pool *pool, struct err *err);

/*
 * Its tokenizer, or that of the folder `given` where one is.  Refused where it has more tokens
 * than the model knows.  tokenizer_free() it.
 */
int model_file_tokenizer(struct tokenizer **out, const struct model_file *in, const char *given,
                         struct err *err);

/* Ids of tokens are below it. */
size_t model_file_tokens(const struct model_file *in);

/* The format of its matrices, or binary32 where they have several: what keeps all of them. */
const struct dtype *model_file_dtype(const struct model_file *in);

/* The format of most of its numbers. */
const struct dtype *model_file_main_dtype(const struct model_file *in);

/* Are its gains and biases binary32? */
bool model_file_vectors_are_f32(const struct model_file *in);

/* Notes an id that ends a text; one that is there already, or none of the model's, is left out. */
void model_file_end(struct model_file *in, int64_t id);

#endif
