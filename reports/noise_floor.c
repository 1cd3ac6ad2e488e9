/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>

#include "fate.h"
#include "lond.h"
#include "mem.h"
#include "noise_floor.h"

/* The audit's seeds are those that the baseline had before it was decided, or that its neighbour
 * has; what it ran on later, as head of the search, is none of the audit's. */
static bool is_of_audit(const struct record *record, const struct pair *pair)
{
    const struct decision *d = record_decision(record, pair->experiment);

    return pair->test == 0 &&
           (d == NULL || pair->after < d->number ||
            record_variant(record, pair->experiment, RUN_NEIGHBOUR, pair->seed) != NULL);
}

struct losses { /* by seed of the audit */
    double *own, *neighbour;
    size_t n;
    double repeat;
    bool audited; /* a run of the audit's own is there */
};

static void add_seed(struct losses *losses, const struct record *record, int64_t id, uint32_t seed)
{
    const struct run *neighbour = record_variant(record, id, RUN_NEIGHBOUR, seed);
    const struct run *repeat = record_variant(record, id, RUN_REPEAT, seed);

    losses->own[losses->n] = record_loss(record, record_run(record, id, seed));
    losses->neighbour[losses->n] = record_loss(record, neighbour);
    if (losses->n++ == 0)
        losses->repeat = record_loss(record, repeat);
    losses->audited |= neighbour != NULL || repeat != NULL;
}

static void measure_audit(struct noise_floor *out, const struct facts *facts)
{
    const struct record *record = facts->record;
    int64_t id = facts_baseline(facts);
    size_t from = facts->pair_first[id - 1], to = facts->pair_first[id];
    struct losses losses = {.repeat = NAN};

    losses.own = mem_new(to - from + 1, sizeof *losses.own);
    losses.neighbour = mem_new(to - from + 1, sizeof *losses.neighbour);
    for (size_t i = from; i < to; i++) {
        const struct pair *pair = &record->pairs[facts->pair_at[i]];
        if (is_of_audit(record, pair))
            add_seed(&losses, record, id, pair->seed);
    }
    out->audited = losses.audited;
    audit_measure(&out->audit, losses.own, losses.neighbour, losses.n, losses.repeat, &out->judge);
    free(losses.own);
    free(losses.neighbour);
}

/* Of the last test that was made, or of the first one that would be. */
static double level_of_tests(const struct record *record)
{
    struct tally tally;

    tally_count(&tally, record);
    if (isfinite(tally.last_level))
        return tally.last_level;
    return isfinite(record->study.fdr) ? lond_level(record->study.fdr, 1, 0)
                                       : record->study.rule.alpha;
}

double noise_floor_sd(const struct noise_floor *floor)
{
    bool audit = floor->audited && floor->audit.sigma_d > 0;

    return audit ? floor->audit.sigma_d : floor->pair_sd;
}

int noise_floor_measure(struct noise_floor *out, const struct facts *facts, struct err *err)
{
    struct judge_rule rule = facts->record->study.rule;

    *out = (struct noise_floor){.visible = NAN};
    rule.alpha = level_of_tests(facts->record);
    if (judge_init(&out->judge, &rule, err) != 0)
        return -1;
    if (facts->record->n_experiments > 0)
        measure_audit(out, facts);
    out->pair_sd = facts_pair_sd(facts, &out->pair_df);
    out->visible =
        rule.min_gain + boundary_visible(&out->judge.boundary, AUDIT_POWER) * noise_floor_sd(out);
    return 0;
}
