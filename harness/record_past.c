/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>

#include "mem.h"
#include "needs.h"
#include "record_early.h"
#include "record_past.h"
#include "shelf.h"

/* As far as it came: a run that was ended early is taken for as far behind as it was. */
static double loss_of(const struct record *record, const struct run *run)
{
    struct early_found found;

    if (run != NULL && record_early_read(&found, record, run))
        return found.loss;
    return record_loss(record, run);
}

/* Mean loss of an experiment over the pairs of its own decision; NAN where it is unknown. */
static void own_loss(struct past *out, const struct record *record, const struct decision *d)
{
    const struct pair *pairs[PAIRS_MAX];
    size_t n = record_pairs(record, d->experiment, d->test, pairs, PAIRS_MAX), used = 0;
    double sum = 0, squares = 0;

    for (size_t i = 0; i < n && i < PAIRS_MAX; i++) {
        double loss = loss_of(record, record_candidate(record, pairs[i]));
        if (!isfinite(loss) || pairs[i]->after >= d->number)
            continue;
        used++;
        sum += loss;
        squares += loss * loss;
    }
    double mean = used > 0 ? sum / (double)used : (double)NAN;
    double variance = used > 1 ? fmax(0, squares - sum * mean) / (double)(used - 1) : (double)NAN;
    out->loss = mean;
    out->loss_se = sqrt(variance / (double)used);
}

static struct past past_of(const struct record *record, const struct experiment *e, int64_t known)
{
    struct past past = {.unit = e->unit,
                        .config = e->config,
                        .outcome = OUTCOME_PENDING,
                        .loss = NAN,
                        .loss_se = NAN,
                        .gain = NAN};

    if (e->decision == 0 || e->decision > known)
        return past;
    const struct decision *d = &record->decisions[e->decision - 1];
    past.outcome = d->verdict;
    past.gain = d->mean;
    own_loss(&past, record, d);
    return past;
}

void past_memory_clear(struct past_memory *memory)
{
    shelf_free(memory->shelf, memory->past);
    shelf_free(memory->shelf, memory->ids);
    seen_clear(&memory->seen);
    *memory = (struct past_memory){.shelf = memory->shelf};
}

/* A baseline that failed withdraws what was proposed from it: nothing of the memory holds then. */
static void forget_if_past(struct past_memory *memory, const struct record *record, int64_t known)
{
    int64_t baseline = record_baseline(record);

    if (known < memory->known || record->n_experiments < memory->rows ||
        baseline != memory->baseline)
        past_memory_clear(memory);
    if (memory->rows == 0) {
        seen_clear(&memory->seen);
        seen_init(&memory->seen, &record->study.space, memory->shelf);
        memory->head = SIZE_MAX;
    }
    memory->seen.space = &record->study.space;
    memory->baseline = baseline;
}

/* Where an experiment stands in the memory; n where it is hidden. */
static size_t place_of(const struct past_memory *memory, int64_t id)
{
    size_t low = 0, high = memory->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memory->ids[middle] < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < memory->n && memory->ids[low] == id ? low : memory->n;
}

static void look_again(struct past_memory *memory, const struct record *record, int64_t id,
                       int64_t known)
{
    size_t at = place_of(memory, id);

    if (at < memory->n)
        memory->past[at] = past_of(record, &record->experiments[id - 1], known);
}

static void add_new(struct past_memory *memory, const struct record *record, int64_t known)
{
    for (; memory->rows < record->n_experiments; memory->rows++) {
        const struct experiment *e = &record->experiments[memory->rows];
        if (record_is_hidden(record, e))
            continue;
        memory->past = shelf_room(memory->shelf, memory->past, memory->n, sizeof *memory->past);
        memory->ids = shelf_room(memory->shelf, memory->ids, memory->n, sizeof *memory->ids);
        memory->past[memory->n] = past_of(record, e, known);
        memory->ids[memory->n++] = e->id;
        seen_add(&memory->seen, e->config);
    }
}

static void unmark_head(struct past_memory *memory, const struct record *record, int64_t known)
{
    if (memory->head < memory->n)
        look_again(memory, record, memory->ids[memory->head], known);
}

static void count_settled(struct past_memory *memory)
{
    while (memory->settled < memory->n && memory->past[memory->settled].outcome != OUTCOME_PENDING)
        memory->settled++;
}

static void mark_head(struct past_memory *memory, int64_t head)
{
    memory->head = place_of(memory, head);
    if (memory->head < memory->n)
        memory->past[memory->head].outcome = OUTCOME_KEEP;
    else
        memory->head = SIZE_MAX;
}

void record_past(struct history *history, struct past_memory *memory, const struct record *record,
                 int64_t known, int64_t head)
{
    forget_if_past(memory, record, known);
    for (int64_t d = memory->known + 1; d <= known; d++)
        look_again(memory, record, record->decisions[d - 1].experiment, known);
    memory->known = known;
    add_new(memory, record, known);
    unmark_head(memory, record, known);
    count_settled(memory);
    mark_head(memory, head);
    *history = (struct history){.past = memory->past,
                                .n = memory->n,
                                .head = memory->head,
                                .planned = (size_t)record->study.planned,
                                .settled = memory->settled,
                                .seen = &memory->seen};
}
