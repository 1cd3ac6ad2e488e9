/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "sampler.h"

/* A token that may come, and e^(its logit - the largest). */
struct candidate {
    double weight;
    uint32_t id;
};

struct sampler {
    struct sampling how;
    size_t vocab;
    double *logits;           /* [vocab] */
    struct candidate *chosen; /* [vocab] the first n_chosen are taken, most probable first */
    struct candidate *heap;   /* [vocab] the others */
    bool *penalised;          /* [vocab] */
};

struct sampler *sampler_new(const struct sampling *how, size_t vocab)
{
    struct sampler *s = mem_new(1, sizeof *s);

    s->how = *how;
    s->vocab = vocab;
    s->logits = mem_new(vocab, sizeof *s->logits);
    s->chosen = mem_new(vocab, sizeof *s->chosen);
    s->heap = mem_new(vocab, sizeof *s->heap);
    s->penalised = mem_new(vocab, sizeof *s->penalised);
    return s;
}

void sampler_free(struct sampler *s)
{
    if (s == NULL)
        return;
    free(s->logits);
    free(s->chosen);
    free(s->heap);
    free(s->penalised);
    free(s);
}

/* Each token once, however often it was there. */
static void penalise(struct sampler *s, const uint32_t *seen, size_t n)
{
    double by = s->how.repetition_penalty;

    if (by == 1)
        return;
    memset(s->penalised, 0, s->vocab * sizeof *s->penalised);
    for (size_t i = 0; i < n; i++) {
        double *x = &s->logits[seen[i]];
        if (!s->penalised[seen[i]])
            *x = *x > 0 ? *x / by : *x * by;
        s->penalised[seen[i]] = true;
    }
}

static int largest(uint32_t *id, const struct sampler *s, struct err *err)
{
    bool found = false;

    for (size_t i = 0; i < s->vocab; i++)
        if (isfinite(s->logits[i]) && (!found || s->logits[i] > s->logits[*id])) {
            *id = (uint32_t)i;
            found = true;
        }
    return found ? 0 : err_failed(err, "the model gives no token a finite logit");
}

static bool before(struct candidate a, struct candidate b)
{
    return a.weight != b.weight ? a.weight > b.weight : a.id < b.id;
}

static void sink(struct candidate *heap, size_t n, size_t at)
{
    struct candidate moved = heap[at];

    for (size_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && before(heap[child + 1], heap[child]))
            child++;
        if (!before(heap[child], moved))
            break;
        heap[at] = heap[child];
    }
    heap[at] = moved;
}

/* The most probable of the n candidates of the heap goes out. */
static struct candidate pop(struct candidate *heap, size_t *n)
{
    struct candidate top = heap[0];

    heap[0] = heap[--*n];
    sink(heap, *n, 0);
    return top;
}

/* Candidates by their weights; returns how many, their sum in *sum. */
static size_t weigh(double *sum, struct sampler *s, double top)
{
    size_t n = 0;

    *sum = 0;
    for (size_t i = 0; i < s->vocab; i++) {
        double weight = exp((s->logits[i] - top) / s->how.temperature);
        if (!(weight > 0))
            continue;
        s->heap[n++] = (struct candidate){weight, (uint32_t)i};
        *sum += weight;
    }
    for (size_t at = n / 2; at-- > 0;)
        sink(s->heap, n, at);
    return n;
}

/* The first `most` candidates, most probable first; returns how many. */
static size_t take_top(double *sum, struct sampler *s, size_t n, size_t most)
{
    size_t taken = 0;

    *sum = 0;
    while (taken < most && n > 0) {
        s->chosen[taken] = pop(s->heap, &n);
        *sum += s->chosen[taken++].weight;
    }
    return taken;
}

/*
 * Of n candidates whose weights are `sum`: those that top_k, top_p and min_p leave, in s->chosen.
 * Nothing is put in order that is not looked at.
 */
static size_t narrow(double *kept, struct sampler *s, size_t n, double sum)
{
    const struct sampling *how = &s->how;
    bool top_k = how->top_k > 0 && how->top_k < n;
    size_t listed = top_k ? take_top(&sum, s, n, (size_t)how->top_k) : 0, taken = 0;

    *kept = 0;
    while (taken < (top_k ? listed : s->vocab) && (taken == 0 || *kept < how->top_p * sum)) {
        struct candidate c = {0};
        if (!top_k && n == 0)
            break;
        c = top_k ? s->chosen[taken] : pop(s->heap, &n);
        if (c.weight < how->min_p) /* the first one's weight is 1 */
            break;
        s->chosen[taken++] = c;
        *kept += c.weight;
    }
    return taken;
}

static uint32_t draw(const struct candidate *from, size_t n, double sum, struct rng *rng)
{
    double at = rng_uniform(rng) * sum;
    size_t i = 0;

    for (; i + 1 < n && at >= from[i].weight; i++)
        at -= from[i].weight;
    return from[i].id;
}

int sampler_pick(uint32_t *id, struct sampler *s, const real *logits, const uint32_t *seen,
                 size_t n_seen, struct rng *rng, struct err *err)
{
    double sum, kept;
    size_t n, taken;

    *id = 0;
    for (size_t i = 0; i < s->vocab; i++)
        s->logits[i] = (double)logits[i];
    penalise(s, seen, n_seen);
    if (largest(id, s, err) != 0)
        return -1;
    if (s->how.temperature == 0)
        return 0;
    n = weigh(&sum, s, s->logits[*id]);
    taken = narrow(&kept, s, n, sum);
    *id = draw(s->chosen, taken, kept, rng);
    return 0;
}
