/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A model's folder.  The first part of an input is its description, whose kind tells what it is
 * called and what follows: the weights, or (SHARDED) an index, one shard, and as the rest another.
 * What is empty is a file that is not there.
 */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "checkpoint.h"
#include "data.h"
#include "file.h"
#include "format.h"
#include "mem.h"
#include "model.h"
#include "target.h"
#include "use_model.h"

extern const struct target target_checkpoint;

enum { HUGGING_FACE = 1, SHARDED = 2 };

/* --- a vocabulary of its own ---------------------------------------------------------------- */

static void check_same(const struct compact *a, const struct compact *b)
{
    if (a->vocab != b->vocab || a->used != b->used || a->rows != b->rows ||
        memcmp(a->row_of, b->row_of, a->vocab * sizeof *a->row_of) != 0)
        abort();
}

/* Tokens that are just those with a row of their own give the same rows. */
static void check_from_tokens(const struct compact *c)
{
    uint8_t *bytes = mem_new(c->used, 4), *next = bytes;
    const struct tokens tokens = {.at = bytes, .n = c->used, .width = 4};
    struct compact again;

    for (size_t id = 0; id < c->vocab; id++)
        if (c->row_of[id] < c->used)
            for (int i = 0; i < 4; i++)
                *next++ = (uint8_t)(id >> 8 * i);
    compact_from_tokens(&again, &tokens, c->vocab);
    check_same(&again, c);
    compact_clear(&again);
    free(bytes);
}

/* Of all rows the last alone costs more, and only where it stands for several tokens. */
static void check_cost(const struct compact *c)
{
    uint32_t *rows = mem_new(c->rows, sizeof *rows);
    real *losses = mem_new(c->rows, sizeof *losses);

    for (size_t i = 0; i < c->rows; i++)
        rows[i] = (uint32_t)i;
    compact_add_cost(losses, c, rows, c->rows);
    for (size_t i = 0; i < c->rows; i++)
        if ((losses[i] > 0) != (i == c->used && c->vocab > c->used + 1))
            abort();
    free(losses);
    free(rows);
}

static void use_compact(const struct compact *c)
{
    json_t *text = compact_write(c);
    struct compact again;
    struct err err = {0};

    if (compact_read(&again, text, c->rows, "again", &err) != 0)
        abort();
    check_same(&again, c);
    compact_clear(&again);
    json_decref(text);
    check_from_tokens(c);
    check_cost(c);
}

/* --- the folder ----------------------------------------------------------------------------- */

/* Reading the weights by themselves gives the same ones. */
static void check_weights(const struct model *model, const char *dir, const real *wanted)
{
    real *weights = NULL;
    struct err err = {0};

    if (checkpoint_read_weights(&weights, model, dir, &err) != 0 ||
        memcmp(weights, wanted, model->n_weights * sizeof *wanted) != 0)
        abort();
    free(weights);
}

/* Returns whether its tensors could be listed. */
static bool open_model(const char *path, bool folder)
{
    static const struct format_hints hints = {.residual = RESIDUAL_NONE};
    struct model_file in;
    struct err err = {0};
    real *weights = NULL;
    bool listed;

    if (model_file_open(&in, path, &hints, &err) == 0) {
        use_shape(&in.model);
        weights = use_weights(&in);
        if (weights != NULL && folder)
            check_weights(&in.model, path, weights);
        if (in.compact.vocab > 0)
            use_compact(&in.compact);
    } else {
        target_check_refusal(&err);
    }
    listed = in.storage.n > 0;
    free(weights);
    model_file_close(&in);
    return listed;
}

static void put(const char *folder, const char *name, const uint8_t *bytes, size_t n)
{
    char *path = path_join(folder, name);

    if (n > 0)
        target_put(path, bytes, n);
    else
        target_remove(path);
    free(path);
}

static void put_shards(const char *folder, const uint8_t *bytes, size_t len)
{
    struct part index = target_part(&bytes, &len), shard = target_part(&bytes, &len);
    char *dir = target_path(folder), *inner = path_join(dir, "folder");
    struct err err = {0};

    if (file_mkdirs(inner, &err) != 0) /* for a shard that is no file */
        abort();
    free(inner);
    free(dir);

    put(folder, "model.safetensors.index.json", index.at, index.n);
    put(folder, "a.safetensors", shard.at, shard.n);
    put(folder, "b.safetensors", bytes, len);
}

static void read(const uint8_t *bytes, size_t len)
{
    struct part description = target_part(&bytes, &len);
    char *folder = target_kind_folder(description.kind);

    put(folder, (description.kind & HUGGING_FACE) != 0 ? "config.json" : "model.json",
        description.at, description.n);
    if ((description.kind & SHARDED) != 0)
        put_shards(folder, bytes, len);
    else
        put(folder, "model.safetensors", bytes, len);

    char *dir = target_path(folder), *file = path_join(dir, "model.safetensors");
    if (open_model(dir, true) && (description.kind & SHARDED) == 0)
        (void)open_model(file, false); /* its shape may stand in it */
    free(file);
    free(dir);
    free(folder);
}

/* The smallest model there is. */
static uint8_t *seed(size_t *len)
{
    const struct shape shape = {.dim = 4,
                                .layers = 1,
                                .heads = 1,
                                .kv_heads = 1,
                                .hidden = 4,
                                .vocab = 5,
                                .seq = 4,
                                .tied = true,
                                .rope_theta = 10000,
                                .norm_eps = 1e-5};
    char *paths[2] = {target_path("model.json"), target_path("model.safetensors")}, *texts[2];
    size_t lens[2];
    struct model model;
    struct err err = {0};
    real *weights;

    if (model_init(&model, architecture_find("llama"), &shape, &err) != 0)
        abort();
    weights = mem_new(model.n_weights, sizeof *weights);
    if (checkpoint_write(target_folder(), &model, weights, NULL, &err) != 0)
        abort();
    for (int i = 0; i < 2; i++)
        if (file_read(&texts[i], &lens[i], paths[i], 1 << 20, &err) != 0)
            abort();
    uint8_t *out = target_join(len, texts[0], lens[0], texts[1], lens[1]);
    for (int i = 0; i < 2; i++) {
        free(texts[i]);
        free(paths[i]);
    }
    free(weights);
    model_clear(&model);
    return out;
}

const struct target target_checkpoint = {
    .name = "checkpoint",
    .summary = "a model's folder",
    .read = read,
    .seed = seed,
};
