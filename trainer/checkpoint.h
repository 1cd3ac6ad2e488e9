/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint.h - a model in a folder: model.safetensors, and model.json with Hugging Face's words
 * for its shape.  (The harness keeps a run's parameters in config.json of the same folder; a copy
 * of model.json named config.json makes the folder one that Hugging Face's libraries open.)
 */
#ifndef TRAINER_CHECKPOINT_H
#define TRAINER_CHECKPOINT_H

#include <stdbool.h>

#include "compact.h"
#include "err.h"
#include "model.h"
#include "storage.h"

/*
 * Writes both files to temporary names, then renames both, the weights first: where the disk is
 * full, what stood there stays whole.  `about` (a JSON object or NULL, borrowed) goes into
 * model.json under "nightshift": where the weights come from; their SHA-256 stands beside it.
 */
struct json_t;
int checkpoint_write(const char *dir, const struct model *model, const real *weights,
                     const struct json_t *about, struct err *err);

/*
 * Reads the shape from model.json, or from config.json where there is none (a Hugging Face
 * folder), and builds the model.  `seq` 0 means the length that the file gives.
 */
int checkpoint_read_shape(struct model *model, const char *dir, int seq, struct err *err);

/* The same without the table of positions: what the shape wants is known, and nothing is taken. */
int checkpoint_list(struct model *model, const char *dir, int seq, struct err *err);

/* The same from the JSON of such a file; `path` stands in errors. */
int checkpoint_parse(struct model *model, const struct json_t *root, const char *path, int seq,
                     struct err *err);

/* Hugging Face's words for the shape, as those files have them.  The caller drops the reference. */
struct json_t *checkpoint_describe(const struct model *model);

/*
 * Opens model.safetensors, or the shards that model.safetensors.index.json names, and reads their
 * headers.
 */
int checkpoint_open_weights(struct storage *s, const char *dir, struct err *err);

/* Whether what a folder says of its weights (checkpoint_read_about(), or NULL) has their SHA-256. */
bool checkpoint_tells_hash(const struct json_t *about);

/* Exit 2 where model.json tells a SHA-256 of the weights that is not theirs. */
int checkpoint_check_hash(const struct model *model, const real *weights, const char *dir,
                          struct err *err);

/*
 * What checkpoint_write() was told about the weights; NULL where the folder does not say.  The
 * caller drops the reference.
 */
struct json_t *checkpoint_read_about(const char *dir);

/*
 * The compact vocabulary of that model: which row is which token.  Zeroed (vocab 0) where rows are
 * the tokens' ids; exit 2 where it is damaged.  compact_clear() frees.
 */
int checkpoint_read_compact(struct compact *out, const struct model *model, const char *dir,
                            struct err *err);

/*
 * The weights of that model; the caller frees *weights.  Exit 2 also where model.json tells their
 * SHA-256 and they have another: a flipped bit, or the two files are not of one run.
 */
int checkpoint_read_weights(real **weights, const struct model *model, const char *dir,
                            struct err *err);

#endif
