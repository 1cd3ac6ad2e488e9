/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sampler.h - the next token from its logits.
 *
 * In this order: logits of tokens that were there already are made less by the repetition penalty
 * (Keskar et al. 2019, arXiv:1909.05858: divided where positive, multiplied where negative);
 * divided by the temperature; the top_k most probable stay; of these the fewest whose probability
 * together is top_p (Holtzman et al. 2020, arXiv:1904.09751); of these the ones that are at least
 * min_p times as probable as the first (Nguyen et al. 2024, arXiv:2407.01082).  One of what is left
 * is drawn.  Equal logits are taken in the order of their ids.
 */
#ifndef TRAINER_SAMPLER_H
#define TRAINER_SAMPLER_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "real.h"
#include "rng.h"

struct sampling {
    double temperature;        /* 0: the most probable token */
    uint64_t top_k;            /* 0: all */
    double top_p;              /* 1: all */
    double min_p;              /* 0: all */
    double repetition_penalty; /* 1: none */
};

struct sampler;
struct sampler *sampler_new(const struct sampling *how, size_t vocab); /* sampler_free() it */
void sampler_free(struct sampler *s);

/*
 * An id below vocab.  Exit 1 where no logit is a finite number.
 *
 *   logits  [vocab]; -INFINITY marks what may not come
 *   seen    [n_seen] ids of the text so far
 */
int sampler_pick(uint32_t *id, struct sampler *s, const real *logits, const uint32_t *seen,
                 size_t n_seen, struct rng *rng, struct err *err);

#endif
