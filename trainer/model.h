/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * model.h - a network as a list of named tensors and two functions.
 *
 * Weights and gradients are one block each, of the same layout; the tensor list says where
 * each tensor stands.  Optimizer, norm, checkpoint and initialisation walk the list and know
 * nothing about layers; the architecture alone knows what the tensors do.
 *
 * To add an architecture: model_name.c with a `struct architecture`, and a row in model.c.
 */
#ifndef TRAINER_MODEL_H
#define TRAINER_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "real.h"

enum role {
    ROLE_EMBEDDING, /* the token table; the head too where they are tied */
    ROLE_HEAD,      /* the classifier's own matrix */
    ROLE_MATRIX,    /* a hidden layer's matrix */
    ROLE_RESIDUAL,  /* a hidden matrix that writes to the residual stream */
    ROLE_NORM,      /* a gain: starts at 1, and is no matrix */
};

struct tensor {
    char name[64]; /* Hugging Face's: "model.layers.0.self_attn.q_proj.weight" */
    enum role role;
    int rows, cols; /* row-major [rows, cols]; a vector is [1, cols] */
    size_t at;      /* where it starts in the block [reals] */
};

struct shape {
    int dim, layers, heads, kv_heads, hidden, vocab;
    int seq; /* the longest sequence */
    bool tied;
    double rope_theta, norm_eps;
};

/* Where time goes, for `bench`. */
enum op {
    OP_EMBEDDING,
    OP_NORM,
    OP_QKV,
    OP_ROPE,
    OP_ATTENTION,
    OP_OUT,
    OP_GATE_UP,
    OP_SWIGLU,
    OP_DOWN,
    OP_CLASSIFIER,
    OP_REDUCE,
    OP_OPTIMIZER,
    OPERATORS,
};
extern const char *const operator_names[OPERATORS];

struct laps {
    double last;               /* clock_s() when the latest operator ended */
    double seconds[OPERATORS]; /* summed */
};
void laps_start(struct laps *laps);
void laps_mark(struct laps *laps, enum op which); /* what ran since the last mark */

/* Some sequences of equal length: inputs and targets are [sequences, seq]. */
struct batch {
    const uint32_t *inputs, *targets;
    size_t sequences, seq;
};

/* One thread's scratch: activations of one micro-batch, and one tile of logits. */
struct work {
    real *block;
    struct laps laps;
};

struct model;

struct architecture {
    const char *name, *summary;
    /* Refuses shapes that it cannot build. */
    int (*check)(const struct shape *shape, struct err *err);
    void (*list)(struct model *model); /* fills the tensor list with model_add() */
    /* Reals of scratch for `rows` tokens; with the activations of all layers for a gradient. */
    size_t (*scratch)(const struct model *model, size_t rows, bool gradient);
    /* losses [rows] of each target, in nats. */
    void (*losses)(const struct model *model, real *losses, const real *weights, struct work *work,
                   const struct batch *batch);
    /* The same, and in `gradient` (overwritten) that of scale * sum(losses). */
    void (*gradient)(const struct model *model, real *losses, real *gradient, const real *weights,
                     struct work *work, const struct batch *batch, real scale);
    /* Multiply-adds of the forward pass over one token at sequence length seq, times two. */
    double (*flops)(const struct model *model, size_t seq);
};
extern const struct architecture *const architectures[]; /* ends in NULL */
const struct architecture *architecture_find(const char *name);

struct model {
    const struct architecture *arch;
    struct shape shape;
    struct tensor *tensors;
    size_t n_tensors;
    size_t n_weights; /* reals in a block */
    real *rope;       /* [seq, width of a head]: rope_table() */
};

/* Builds the tensor list; no weights are taken.  model_clear() frees; a zeroed one is fine. */
int model_init(struct model *model, const struct architecture *arch, const struct shape *shape,
               struct err *err);
void model_clear(struct model *model);

/* Adds a tensor behind the others; the name is a printf format for `layer`. */
void model_add(struct model *model, enum role role, int rows, int cols, const char *name);
void model_add_layer(struct model *model, enum role role, int rows, int cols, int layer,
                     const char *name);

const struct tensor *model_find(const struct model *model, const char *name); /* or NULL */
static inline size_t tensor_size(const struct tensor *t)
{
    return (size_t)t->rows * (size_t)t->cols;
}

/*
 * Starting weights: gains 1; matrices normal with mean 0 and standard deviation `std`, those that
 * write to the residual stream std / sqrt(2 layers) (Radford et al. 2019, GPT-2, section 2.3).
 * Each tensor draws from streams of its own, (seed, its name, 0) for its first START_CHUNK weights,
 * (seed, its name, 1) for the next, and so on: a change of depth leaves the draws of the other
 * tensors as they were, and chunks may be filled in any order.
 */
#define START_CHUNK ((size_t)1 << 16)
void model_start(const struct model *model, real *weights, uint64_t seed, double std);
size_t model_start_chunks(const struct model *model);
void model_start_chunk(const struct model *model, real *weights, uint64_t seed, double std,
                       size_t chunk);

/* Floating-point operations of one training step over `tokens` tokens: 3 times the forward pass. */
double model_step_flops(const struct model *model, size_t tokens, size_t seq);

#endif
