/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gemm.h"
#include "lora.h"
#include "rng.h"

const struct lora_place lora_places[LORA_TARGETS] = {
    [LORA_Q] = {"q", "q_proj", "self_attn.q_proj"},
    [LORA_K] = {"k", "k_proj", "self_attn.k_proj"},
    [LORA_V] = {"v", "v_proj", "self_attn.v_proj"},
    [LORA_O] = {"o", "o_proj", "self_attn.o_proj"},
    [LORA_GATE] = {"gate", "gate_proj", "mlp.gate_proj"},
    [LORA_UP] = {"up", "up_proj", "mlp.up_proj"},
    [LORA_DOWN] = {"down", "down_proj", "mlp.down_proj"},
};

static int find_word(const char *word, size_t len)
{
    for (int i = 0; i < LORA_TARGETS; i++)
        if (strlen(lora_places[i].word) == len && memcmp(lora_places[i].word, word, len) == 0)
            return i;
    return -1;
}

int lora_targets_read(bool adapts[LORA_TARGETS], const char *words, struct err *err)
{
    const char *word = words;

    memset(adapts, 0, LORA_TARGETS * sizeof *adapts);
    for (;; word++) {
        size_t len = strcspn(word, ",");
        int i = find_word(word, len);
        if (i < 0)
            return err_usage(err,
                             "lora_targets: '%.*s' is none of q, k, v, o, gate, up, down, "
                             "with commas between",
                             len > 40 ? 40 : (int)len, word);
        if (adapts[i])
            return err_usage(err, "lora_targets: '%s' stands twice", lora_places[i].word);
        adapts[i] = true;
        word += len;
        if (*word == '\0')
            return 0;
    }
}

static void take_sizes(struct lora *lora, const struct shape *s)
{
    size_t dim = (size_t)s->dim, hidden = (size_t)s->hidden;
    size_t queries = (size_t)s->heads * (size_t)s->head_dim;
    size_t keys = (size_t)s->kv_heads * (size_t)s->head_dim;
    const size_t in[LORA_TARGETS] = {dim, dim, dim, queries, dim, dim, hidden};
    const size_t out[LORA_TARGETS] = {queries, keys, keys, dim, hidden, hidden, dim};

    memcpy(lora->in, in, sizeof in);
    memcpy(lora->out, out, sizeof out);
}

static void add_tensor(struct lora *lora, int layer, int target, const char *which, size_t rows,
                       size_t cols)
{
    char name[40];

    snprintf(name, sizeof name, "%s.lora_%s.weight", lora_places[target].path, which);
    model_add_layer(&lora->list, ROLE_MATRIX, (int)rows, (int)cols, layer, name);
}

static void add_layer(struct lora *lora, int layer)
{
    for (int i = 0; i < LORA_TARGETS; i++) {
        if (!lora->adapts[i])
            continue;
        if (layer == 0)
            lora->at[i] = lora->list.n_weights;
        add_tensor(lora, layer, i, "A", lora->rank, lora->in[i]);
        add_tensor(lora, layer, i, "B", lora->out[i], lora->rank);
    }
}

void lora_init(struct lora *lora, const struct shape *shape, const bool adapts[LORA_TARGETS],
               size_t rank, double alpha)
{
    *lora = (struct lora){.rank = rank, .scale = alpha / (double)rank};
    memcpy(lora->adapts, adapts, sizeof lora->adapts);
    take_sizes(lora, shape);
    for (int layer = 0; layer < shape->layers; layer++)
        add_layer(lora, layer);
    lora->layer = lora->list.n_weights / (size_t)shape->layers;
}

void lora_clear(struct lora *lora)
{
    model_clear(&lora->list);
    *lora = (struct lora){0};
}

static bool is_a(const struct tensor *t)
{
    return strstr(t->name, ".lora_A.") != NULL;
}

void lora_start(const struct lora *lora, real *block, uint64_t seed)
{
    for (size_t i = 0; i < lora->list.n_tensors; i++) {
        const struct tensor *t = &lora->list.tensors[i];
        double width = is_a(t) ? 2 / sqrt((double)t->cols) : 0;
        struct rng rng;
        rng_init(&rng, seed, t->name, 0);
        for (size_t k = 0; k < tensor_size(t); k++)
            block[t->at + k] = (real)(width * (rng_uniform(&rng) - 0.5));
    }
}

size_t lora_a_at(const struct lora *lora, size_t layer, enum lora_target target)
{
    return layer * lora->layer + lora->at[target];
}

size_t lora_b_at(const struct lora *lora, size_t layer, enum lora_target target)
{
    return lora_a_at(lora, layer, target) + lora->rank * lora->in[target];
}

struct low_rank lora_beside(const struct lora *lora, const real *block, size_t layer,
                            enum lora_target target)
{
    return (struct low_rank){.in = lora->in[target],
                             .out = lora->out[target],
                             .rank = lora->rank,
                             .a = block + lora_a_at(lora, layer, target),
                             .b = block + lora_b_at(lora, layer, target),
                             .scale = (real)lora->scale};
}

static void merge_one(real *weights, const struct low_rank *l)
{
    gemm(GEMM_NN, l->out, l->in, l->rank, l->scale, l->b, l->rank, l->a, l->in, 1, weights, l->in);
}

static const struct tensor *matrix_of(const struct model *model, int layer, int target)
{
    char name[sizeof model->tensors->name];

    snprintf(name, sizeof name, "model.layers.%d.%s.weight", layer, lora_places[target].path);
    return model_find(model, name);
}

void lora_merge(real *weights, const struct model *model, const struct lora *lora,
                const real *block)
{
    for (int layer = 0; layer < model->shape.layers; layer++)
        for (int i = 0; i < LORA_TARGETS; i++) {
            struct low_rank l;
            if (!lora->adapts[i])
                continue;
            l = lora_beside(lora, block, (size_t)layer, (enum lora_target)i);
            merge_one(weights + matrix_of(model, layer, i)->at, &l);
        }
}

double lora_flops(const struct lora *lora)
{
    return 2 * (double)lora->list.n_weights;
}
