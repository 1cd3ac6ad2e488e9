/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data.h - token files, mapped and checked, and the batches drawn from them.
 *
 * A folder holds train.bin, val.bin and maybe test.bin: raw little-endian uint16 (uint32 where
 * the vocabulary is larger than 65,536) without a header, as nanoGPT and AutoANE write them too,
 * and maybe meta.json, which `prepare` writes.  A single file is split: the first 90 % is for
 * training, the next 5 % for validation, the last 5 % for the test.
 *
 * Everything is checked when it is opened: a token beyond the vocabulary is refused before
 * anything is trained.
 */
#ifndef TRAINER_DATA_H
#define TRAINER_DATA_H

#include <stddef.h>
#include <stdint.h>

#include "compact.h"
#include "err.h"

#define UINT16_VOCAB 65536 /* the largest vocabulary of uint16 files */

/* Some consecutive tokens of a file. */
struct tokens {
    const uint8_t *at;             /* into a mapping that struct data owns */
    size_t n;                      /* tokens */
    size_t width;                  /* bytes of each: 2 or 4 */
    const struct compact *compact; /* rows for a model; borrowed.  NULL: ids are rows */
};

enum split { SPLIT_TRAIN, SPLIT_VAL, SPLIT_TEST, SPLITS };
extern const char *const split_names[SPLITS];

struct data {
    struct tokens split[SPLITS];    /* n is 0 where there is none */
    double bytes_per_token[SPLITS]; /* of the text; NAN where meta.json does not tell */
    size_t vocab;
    void *map[SPLITS];
    size_t map_bytes[SPLITS];
};

/*
 * Opens a folder or a .bin file.  `vocab` 0 means: what meta.json says.  Refused (exit 2): no
 * training or validation tokens, a size that is no whole number of tokens or not what meta.json
 * says, a token that is not below the vocabulary.  data_close() also after a failure.
 */
int data_open(struct data *data, const char *path, size_t vocab, struct err *err);
void data_close(struct data *data);

/* A file of tokens alone, all of it in split[SPLIT_VAL]; refused as above. */
int data_open_file(struct data *data, const char *path, size_t vocab, struct err *err);

static inline uint32_t token_at(const struct tokens *tokens, size_t i)
{
    const uint8_t *p = tokens->at + i * tokens->width;
    uint32_t token = (uint32_t)p[0] | (uint32_t)p[1] << 8;

    return tokens->width == 2 ? token : token | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* out[n] = the tokens from `first` on, as a model wants them: the rows of those ids. */
void tokens_copy(uint32_t *out, const struct tokens *tokens, size_t first, size_t n);

/*
 * Where the sequences of one step begin: starts[n], uniform with replacement over all places that
 * leave seq tokens and their targets.  From the stream (seed, "data", step): the same whatever the
 * threads and micro-batches, and a larger batch begins with the smaller one's sequences.
 */
void data_draw(size_t *starts, size_t n, const struct tokens *tokens, size_t seq, uint64_t seed,
               uint64_t step);

#endif
