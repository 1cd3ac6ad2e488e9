/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A model's folder: model.json and model.safetensors. */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "checkpoint.h"
#include "file.h"
#include "mem.h"
#include "model.h"
#include "target.h"

extern const struct target target_checkpoint;

static void read_weights(const struct model *model)
{
    struct compact compact = {0};
    real *weights = NULL;
    struct err err = {0};

    if (checkpoint_read_weights(&weights, model, target_folder(), &err) != 0)
        target_check_refusal(&err);
    err = (struct err){0};
    if (checkpoint_read_compact(&compact, model, target_folder(), &err) != 0)
        target_check_refusal(&err);
    compact_clear(&compact);
    free(weights);
}

static void read(const uint8_t *bytes, size_t len)
{
    struct model model = {0};
    struct err err = {0};

    target_put_two("model.json", "model.safetensors", bytes, len);
    if (checkpoint_read_shape(&model, target_folder(), 0, &err) == 0)
        read_weights(&model);
    else
        target_check_refusal(&err);
    model_clear(&model);
    json_decref(checkpoint_read_about(target_folder()));
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
    .summary = "model.json and model.safetensors",
    .read = read,
    .seed = seed,
};
