/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * model.h - a network as a list of named tensors and two functions.
 *
 * Weights and gradients are one block each, of the same layout; the tensor list says where
 * each tensor stands.  Optimizer, norm, checkpoint and initialisation walk the list and know
 * nothing about layers; the architecture alone knows what the tensors do.
 *
 * To add an architecture: a row in model.c; the `struct architecture` stands in model_name.c, or in
 * model_llama.c where a few facts are all that it differs in.
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
    ROLE_BIAS,      /* added to a product: starts at 0, and is no matrix */
};

struct tensor {
    char name[64]; /* Hugging Face's: "model.layers.0.self_attn.q_proj.weight" */
    enum role role;
    int rows, cols; /* row-major [rows, cols]; a vector is [1, cols] */
    size_t at;      /* where it starts in the block [reals] */
};

struct shape {
    int dim, layers, heads, kv_heads;
    int head_dim; /* width of a head; 0: dim / heads, which model_init() fills in */
    int hidden, vocab;
    int seq; /* the longest sequence */
    bool tied;
    bool
        deepnet; /* what a half block adds to the residual stream is taken residual_scale() times */
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
struct lora;

struct architecture {
    const char *name, *summary;
    const char *class_name; /* Hugging Face's, of the causal language model */
    int head_dim;           /* Hugging Face's where a description has none; 0: dim / heads */
    bool qkv_bias;          /* biases on query, key and value */
    bool qk_norm;           /* RMSNorm of each head's query and key, with gains of its own */
    /* Refuses shapes that it cannot build. */
    int (*check)(const struct shape *shape, struct err *err);
    void (*list)(struct model *model); /* fills the tensor list with model_add() */
    /* Reals of scratch for `rows` tokens; with the activations of all layers for a gradient. */
    size_t (*scratch)(const struct model *model, size_t rows, bool gradient);
    /* losses [rows] of each target, in nats. */
    void (*losses)(const struct model *model, real *losses, const real *weights, struct work *work,
                   const struct batch *batch);
    /*
     * The same, and in `gradient` (overwritten) that of scale * sum(losses): of all weights, or of
     * the adapters alone where the model has some.
     */
    void (*gradient)(const struct model *model, real *losses, real *gradient, const real *weights,
                     struct work *work, const struct batch *batch, real scale);
    /*
     * What each adapted matrix gives, for learning without a backward pass: goodness [matrices that
     * have adapters, in their list's order] gets scale * sum(y^2) / width of its output y, summed
     * over all rows, and `gradient` (overwritten) the derivative of each by its own adapters, its
     * input taken as given.  Scratch as losses() wants it, and behind it local_scratch() more.
     */
    void (*goodness)(const struct model *model, real *losses, real *goodness, real *gradient,
                     const real *weights, struct work *work, const struct batch *batch, real scale);
    size_t (*local_scratch)(const struct model *model, size_t rows);
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
    size_t n_weights;        /* reals in a block */
    real *rope;              /* [seq, width of a head]: rope_table() */
    const struct lora *lora; /* adapters beside its matrices; NULL: none.  Borrowed */
};

/*
 * Builds the tensor list and the table of positions; no weights are taken.  model_clear() frees; a
 * zeroed one is fine.
 */
int model_init(struct model *model, const struct architecture *arch, const struct shape *shape,
               struct err *err);
void model_clear(struct model *model);

/* The two halves of it: a list tells what memory the model wants before any of it is taken. */
int model_list(struct model *model, const struct architecture *arch, const struct shape *shape,
               struct err *err);
void model_positions(struct model *model);
void model_positions_of(struct model *model, size_t length); /* of the first `length` alone */
size_t model_positions_reals(const struct model *model);

/* Adds a tensor behind the others; a layer's is named "model.layers.<layer>.<name>". */
void model_add(struct model *model, enum role role, int rows, int cols, const char *name);
void model_add_layer(struct model *model, enum role role, int rows, int cols, int layer,
                     const char *name);

const struct tensor *model_find(const struct model *model, const char *name); /* or NULL */
static inline size_t tensor_size(const struct tensor *t)
{
    return (size_t)t->rows * (size_t)t->cols;
}

static inline bool tensor_is_matrix(const struct tensor *t)
{
    return t->role != ROLE_NORM && t->role != ROLE_BIAS;
}

/*
 * 1, or 1 / sqrt(2 layers) for a deepnet: x + scale * f(x), after Wang et al. 2022 (DeepNet,
 * arXiv:2203.00555), who scale x instead and normalise behind the sum.
 */
double residual_scale(const struct shape *shape);

/*
 * Starting weights: gains 1, biases 0; matrices normal with mean 0 and standard deviation `std`,
 * those that write to the residual stream std / sqrt(2 layers) (Radford et al. 2019, GPT-2, section
 * 2.3), unless residual_scale() does that already.
 * Each tensor draws from streams of its own, (seed, its name, 0) for its first START_CHUNK weights,
 * (seed, its name, 1) for the next, and so on: a change of depth leaves the draws of the other
 * tensors as they were, and chunks may be filled in any order.
 */
#define START_CHUNK ((size_t)1 << 16)
void model_start(const struct model *model, real *weights, uint64_t seed, double std);
size_t model_start_chunks(const struct model *model);
void model_start_chunk(const struct model *model, real *weights, uint64_t seed, double std,
                       size_t chunk);

/* What arch->scratch() asks for, as a double: it may be more than a size_t holds. */
double model_scratch(const struct model *model, size_t rows, bool gradient);

/* Floating-point operations of one training step over `tokens` tokens: 3 times the forward pass. */
double model_step_flops(const struct model *model, size_t tokens, size_t seq);

#endif
