/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * method_sparse_mezo.c - Sparse MeZO: Liu et al. 2024, arXiv:2402.15751: MeZO along directions that
 * leave the largest weights of each tensor alone; the share `zo_sparsity` of them stays as it is.
 *
 * Which weights these are is found every `zo_refresh` steps, exactly, and kept as one bit a weight:
 * in mid-step the weights are not those that the choice was made of.  (The paper keeps a threshold
 * for each layer and no bits, and makes the mask again within the forward pass.)
 */
#include <math.h>

#include "zeroth.h"

#define BUCKETS 2048

/* Words in front of those of a tensor: its bits begin in a word of their own. */
static size_t words_before(const struct model *trained, const struct tensor *tensor)
{
    return tensor->at / 32 + 2 * (size_t)(tensor - trained->tensors);
}

static size_t sparse_kept(const struct config *config, const struct model *trained)
{
    (void)config;
    return trained->n_weights / 32 + 2 * trained->n_tensors + 2;
}

/* The bits of |x|, which are in the order of the numbers. */
static uint32_t bits_of(real x)
{
    uint32_t bits;

    memcpy(&bits, &x, sizeof bits);
    return bits & 0x7fffffffu;
}

/* Of the numbers whose bits above `shift` + 11 are those of `prefix`: which bucket holds number k?
 */
static uint32_t find_bucket(size_t *k, const real *w, size_t n, uint32_t prefix, int above,
                            int shift)
{
    size_t counts[BUCKETS] = {0};
    uint32_t bucket = 0;

    for (size_t i = 0; i < n; i++) {
        uint32_t bits = bits_of(w[i]);
        if (above == 31 || bits >> above == prefix)
            counts[bits >> shift & (BUCKETS - 1)]++;
    }
    for (; *k >= counts[bucket]; bucket++)
        *k -= counts[bucket];
    return bucket;
}

/* The bits of the k-th smallest |w|, from 0 on: by its digits, the first one first. */
static uint32_t smallest(const real *w, size_t n, size_t k)
{
    uint32_t prefix = find_bucket(&k, w, n, 0, 31, 20);

    prefix = prefix << 11 | find_bucket(&k, w, n, prefix, 20, 9);
    return prefix << 9 | (find_bucket(&k, w, n, prefix, 9, 0) & 0x1ffu);
}

struct masks {
    struct trainer *t;
    uint32_t *words;
};

static void mask_tensor(void *arg, size_t worker, size_t index)
{
    const struct masks *m = arg;
    const struct tensor *tensor = &m->t->trained->tensors[index];
    const real *w = m->t->moved + tensor->at;
    uint32_t *words = m->words + words_before(m->t->trained, tensor);
    size_t n = tensor_size(tensor);
    size_t moves = (size_t)ceil((1 - m->t->config->zo_sparsity) * (double)n);
    uint32_t most = smallest(w, n, (moves > 0 ? moves : 1) - 1);

    (void)worker;
    memset(words, 0, (n / 32 + 1) * sizeof *words);
    for (size_t i = 0; i < n; i++)
        words[i / 32] |= (uint32_t)(bits_of(w[i]) <= most) << i % 32;
}

static void leave_largest(const struct trainer *t, real *z, const struct zeroth_part *part)
{
    const uint32_t *words =
        (const uint32_t *)(const void *)t->kept + words_before(t->trained, part->tensor);

    for (size_t i = 0; i < part->n; i++) {
        size_t at = part->at + i;
        if ((words[at / 32] >> at % 32 & 1) == 0)
            z[i] = 0;
    }
}

static double sparse_passes(const struct config *config)
{
    (void)config;
    return 2;
}

static struct step_result sparse_step(struct trainer *t, const struct tokens *tokens, uint64_t step,
                                      double lr)
{
    const struct config *c = t->config;
    struct masks masks = {t, (uint32_t *)(void *)t->kept};
    struct direction d = zeroth_direction(t, step, 0);

    if (step % (uint64_t)c->zo_refresh == 0)
        pool_run(t->pool, mask_tensor, &masks, t->trained->n_tensors);
    d.shape = leave_largest;
    return zeroth_along(t, tokens, &d, lr);
}

const struct method method_sparse_mezo = {
    .name = "sparse_mezo",
    .summary = "MeZO that leaves the largest weights of each tensor alone",
    .kept = sparse_kept,
    .passes = sparse_passes,
    .step = sparse_step,
};
