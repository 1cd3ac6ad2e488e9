/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lora.h - adapters of low rank beside the matrices of a model, which stay as they are.
 *
 *     y = x w' + (alpha / rank) (x a') b'      a [rank, in], b [out, rank]
 *
 * Hu et al. 2021, arXiv:2106.09685.  a starts uniform in +-1/sqrt(in) (what PEFT's Kaiming start
 * comes to) and b at 0, so that the adapted model begins as the model.
 *
 * The adapters are a tensor list and a block of their own: optimizer, norm, state and files walk
 * that list as they walk a model's.  An adapter is applied in one place only - beside the product,
 * while it is trained; or in the matrix, by lora_merge(), when it is evaluated, kept or exported.
 *
 * To add a matrix that can be adapted: a row in lora.c, and a call where the architecture
 * multiplies.
 */
#ifndef TRAINER_LORA_H
#define TRAINER_LORA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "low_rank.h"
#include "model.h"

enum lora_target {
    LORA_Q,
    LORA_K,
    LORA_V,
    LORA_O,
    LORA_GATE,
    LORA_UP,
    LORA_DOWN,
    LORA_TARGETS,
};

/* "q", "q_proj" and "self_attn.q_proj" of each. */
struct lora_place {
    const char *word, *module, *path;
};
extern const struct lora_place lora_places[LORA_TARGETS];

struct lora {
    struct model list; /* "model.layers.0.self_attn.q_proj.lora_A.weight", …; no architecture */
    size_t rank;
    double scale; /* alpha / rank */
    bool adapts[LORA_TARGETS];
    size_t in[LORA_TARGETS], out[LORA_TARGETS];
    size_t at[LORA_TARGETS]; /* where A of layer 0 starts in a block [reals]; B stands behind it */
    size_t layer;            /* from one layer to the next [reals] */
    const real *weights;     /* [list.n_weights] what the model's functions read; borrowed */
};

/* "q,v": which matrices.  Exit 2: an unknown word, one that stands twice, none at all. */
int lora_targets_read(bool adapts[LORA_TARGETS], const char *words, struct err *err);

/* The list for a model of that shape (head_dim filled in).  lora_clear() frees. */
void lora_init(struct lora *lora, const struct shape *shape, const bool adapts[LORA_TARGETS],
               size_t rank, double alpha);
void lora_clear(struct lora *lora);

/* block [list.n_weights]; each tensor draws from a stream of its own: (seed, its name, 0). */
void lora_start(const struct lora *lora, real *block, uint64_t seed);

/* The adapter beside one matrix, in `block`; and where A and B of it stand in such a block. */
struct low_rank lora_beside(const struct lora *lora, const real *block, size_t layer,
                            enum lora_target target);
size_t lora_a_at(const struct lora *lora, size_t layer, enum lora_target target);
size_t lora_b_at(const struct lora *lora, size_t layer, enum lora_target target);

/*
 * weights += (alpha / rank) b a, in place, for every adapted matrix of `model`.  On the calling
 * thread, one product a matrix: the same bits wherever it is done.
 */
void lora_merge(real *weights, const struct model *model, const struct lora *lora,
                const real *block);

/* Multiply-adds of all adapters' forward pass over one token, times two. */
double lora_flops(const struct lora *lora);

#endif
