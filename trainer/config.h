/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * config.h - every option of `train`, in one table that drives parsing, bounds, defaults, the list
 * for people and the echo of what is in effect.
 *
 * To add an option: a field here, and a row in config.c.  It must act: an option without effect
 * would look like a result.
 */
#ifndef TRAINER_CONFIG_H
#define TRAINER_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "err.h"
#include "model.h"

struct config {
    /* what is learnt from */
    char *data, *preset;
    int64_t vocab, val_tokens;
    bool compact_vocab;
    /* shape */
    const char *model;
    int64_t dim, layers, heads, kv_heads, head_dim, hidden, seq;
    bool tied;
    double rope_theta, norm_eps, init_std;
    const char *residual_scale;
    /* descent */
    int64_t batch, micro_batch;
    const char *optimizer, *schedule, *decay;
    double lr, min_lr_fraction, warmup, beta1, beta2, eps, weight_decay, clip;
    double muon_lr_ratio, muon_momentum, wsd_decay, ema;
    /* adapters */
    int64_t lora_rank;
    double lora_alpha;
    char *lora_targets;
    /* without a backward pass */
    const char *method, *zo_draw;
    int64_t zo_directions, zo_refresh, p_gap_rank, p_gap_probes;
    bool zo_merge;
    double zo_eps, zo_sparsity, hizoo_alpha, p_gap_delta, ff_corrupt, ff_threshold;
    /* budget: exactly one is above zero */
    int64_t tokens, steps;
    double flops, seconds;
    /* what is told and kept */
    int64_t log_every, checkpoint_every;
    bool save;
};

enum option_type { OPTION_INTEGER, OPTION_REAL, OPTION_BOOLEAN, OPTION_CHOICE, OPTION_TEXT };

struct option {
    const char *name;
    enum option_type type;
    size_t at;                  /* offset in struct config */
    double min, max;            /* of numbers, both allowed */
    double start;               /* default of numbers and booleans */
    const char *start_text;     /* default of choices and texts */
    const char *const *choices; /* ends in NULL */
    const char *unit, *help;
};
extern const struct option options[];
extern const size_t n_options;

/* The defaults.  config_clear() frees. */
void config_init(struct config *config);
void config_clear(struct config *config);

/*
 * Takes the values of a JSON object; a `preset` among them goes first, whatever its place.  Exit 2:
 * an unknown option (with the nearest name), a wrong type, a value out of bounds.  `name` stands
 * in the errors.
 */
int config_take(struct config *config, const json_t *object, const char *name, struct err *err);
int config_read(struct config *config, const char *path, struct err *err);

/* {"dim": 128, …}: every option with its value in effect.  The caller decrefs. */
json_t *config_echo(const struct config *config);

/* The options for a program: [{"name": …, "type": …, "default": …, …}].  The caller decrefs. */
json_t *options_describe(void);

/* Exactly one budget is above zero. */
int config_check_budget(const struct config *config, struct err *err);

/* What holds between options, and what has no default. */
int config_check(const struct config *config, struct err *err);

/*
 * The shape, with what was left to us filled in: kv_heads 0 = heads; hidden 0 = 8/3 dim, rounded
 * up to a multiple of 64 (Touvron et al. 2023, section 2.2).  A head_dim of 0 is model_init()'s.
 */
struct shape config_shape(const struct config *config, size_t vocab);

/*
 * Sequences of one micro-batch: as asked, or for 0 what makes at least two micro-batches, an even
 * number of them, of about 768 tokens each.  It changes the result by rounding alone.
 */
size_t config_micro_batch(const struct config *config);

#endif
