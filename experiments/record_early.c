/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "record_early.h"
#include "record_index.h"
#include "rng.h"

bool record_is_spared(const struct record *record, int64_t experiment)
{
    struct rng rng;

    rng_init(&rng, record->study.seed, "early stop", (uint64_t)experiment);
    return rng_below(&rng, EARLY_SPARED) == 0;
}

/* --- which runs ----------------------------------------------------------------------------- */

/* The pair of the selection panel by which an experiment runs on a seed; NULL: none. */
static const struct pair *panel_pair(const struct record *record, int64_t experiment, uint32_t seed)
{
    size_t n = record_pairs(record, experiment, 0, NULL, 0);
    const struct pair **pairs = mem_new(n, sizeof(const struct pair *)), *found = NULL;

    record_pairs(record, experiment, 0, pairs, n);
    for (size_t i = 0; i < n && found == NULL; i++)
        if (pairs[i]->seed == seed)
            found = pairs[i];
    free(pairs);
    return found;
}

static bool is_of_search(const struct experiment *e, const struct pair *pair)
{
    return pair != NULL && (e->decision == 0 || pair->after < e->decision);
}

bool record_early_applies(const struct record *record, const struct run *run)
{
    const struct experiment *e = &record->experiments[run->experiment - 1];

    if (record->study.early.kind == NULL || run->variant != RUN_OWN || e->against == 0)
        return false;
    if (e->purpose != PURPOSE_PROPOSAL && e->purpose != PURPOSE_ENQUEUED)
        return false;
    return is_of_search(e, panel_pair(record, run->experiment, run->seed));
}

static const struct run_curves *whole_curves(const struct record *record, const struct run *run)
{
    if (run == NULL || run->class != CLASS_OK)
        return NULL;
    const struct run_curves *curves = record_curves(record, run);
    return curves->kind != PLACE_NONE ? curves : NULL;
}

/* --- the noise ------------------------------------------------------------------------------ */

/* What a case is made of, in the order of its making. */
struct evidence {
    struct early_case c;
    enum place_kind kind;
    bool by_metric; /* or else by train_loss */
    struct curve_pairs *groups;
    size_t n_groups;
    struct noise *losses; /* [n_groups] of the losses at the end */
    const struct curve **others;
    size_t n_others;
};

static const struct curve *curve_of(const struct evidence *e, const struct record *record,
                                    const struct run *run)
{
    const struct run_curves *curves = whole_curves(record, run);

    if (curves == NULL || curves->kind != e->kind)
        return NULL;
    return e->by_metric ? &curves->metric : &curves->train;
}

struct couple { /* runs of two configs on a seed */
    const struct run *a, *b;
};

static void add_group(struct evidence *e, const struct record *record, const struct couple *couples,
                      size_t n)
{
    struct curve_pairs group = {mem_new(n, sizeof(const struct curve *)),
                                mem_new(n, sizeof(const struct curve *)), 0};
    double *diff = mem_new(n, sizeof *diff);

    for (size_t i = 0; i < n; i++) {
        group.a[group.n] = curve_of(e, record, couples[i].a);
        group.b[group.n] = curve_of(e, record, couples[i].b);
        if (group.a[group.n] == NULL || group.b[group.n] == NULL)
            continue;
        diff[group.n++] = record_loss(record, couples[i].a) - record_loss(record, couples[i].b);
    }
    e->groups = mem_room(e->groups, e->n_groups, sizeof *e->groups);
    e->losses = mem_room(e->losses, e->n_groups, sizeof *e->losses);
    e->losses[e->n_groups] = noise_sample(diff, group.n);
    e->groups[e->n_groups++] = group;
    free(diff);
}

/* The baseline beside its neighbour, wherever the audit ran it. */
static void add_audit(struct evidence *e, const struct record *record)
{
    int64_t id = record_baseline(record);
    size_t n = record_pairs(record, id, 0, NULL, 0);
    const struct pair **pairs = mem_new(n, sizeof(const struct pair *));
    struct couple *couples = mem_new(n, sizeof *couples);

    record_pairs(record, id, 0, pairs, n);
    for (size_t i = 0; i < n; i++)
        couples[i] = (struct couple){record_run(record, id, pairs[i]->seed),
                                     record_variant(record, id, RUN_NEIGHBOUR, pairs[i]->seed)};
    add_group(e, record, couples, n);
    free(couples);
    free(pairs);
}

static void add_test(struct evidence *e, const struct record *record, const struct decision *d)
{
    size_t n = record_pairs(record, d->experiment, d->test, NULL, 0);
    const struct pair **pairs = mem_new(n, sizeof(const struct pair *));
    struct couple *couples = mem_new(n, sizeof *couples);

    record_pairs(record, d->experiment, d->test, pairs, n);
    for (size_t i = 0; i < n; i++)
        couples[i] = (struct couple){record_candidate(record, pairs[i]),
                                     record_run(record, d->against, pairs[i]->seed)};
    add_group(e, record, couples, n);
    free(couples);
    free(pairs);
}

static void add_noise(struct evidence *e, const struct record *record, int64_t known)
{
    add_audit(e, record);
    for (int64_t i = 0; i < known; i++)
        if (record->decisions[i].kind == DECISION_VERIFY && record->decisions[i].test > 0)
            add_test(e, record, &record->decisions[i]);
    e->c.noise = e->groups;
    e->c.n_noise = e->n_groups;
}

static int64_t known_to(const struct record *record, int64_t experiment)
{
    int64_t known = record_known(record, experiment), all = (int64_t)record->n_decisions;

    return known < all ? known : all;
}

/* --- the rungs ------------------------------------------------------------------------------ */

/* On the panel's first seed all have run, ended early ones too; no other seed has enough. */
static void add_others(struct evidence *e, const struct record *record, const struct run *run,
                       int64_t known)
{
    for (int64_t id = 1; id < run->experiment; id++) {
        const struct experiment *other = &record->experiments[id - 1];
        const struct run *its = record_run(record, id, run->seed);
        bool ended = its != NULL && (its->class == CLASS_OK || its->class == CLASS_STOPPED);
        if (!ended || other->purpose == PURPOSE_PLACEBO || other->decision == 0 ||
            other->decision > known || record_curves(record, its)->kind != e->kind)
            continue;
        const struct run_curves *curves = record_curves(record, its);
        e->others = mem_room(e->others, e->n_others, sizeof(const struct curve *));
        e->others[e->n_others++] = e->by_metric ? &curves->metric : &curves->train;
    }
    e->c.others = e->others;
    e->c.n_others = e->n_others;
}

/* Where the baseline printed its value number min_iter on the panel's first seed. */
static double first_rung(const struct evidence *e, const struct record *record)
{
    const struct pair *pair;
    int64_t id = record_baseline(record);
    size_t nth = (size_t)record->study.early.min_iter;

    if (nth == 0 || record_pairs(record, id, 0, &pair, 1) == 0)
        return NAN;
    const struct run *run = record_run(record, id, pair->seed);
    const struct curve *curve = curve_of(e, record, run);
    if (curve == NULL || nth > curve->n)
        return NAN;
    return curve->points[nth - 1].place / run_curves_end(record_curves(record, run));
}

/* --- the case ------------------------------------------------------------------------------- */

/* The metric is looked at where the rival has printed it before its end. */
static void choose_curve(struct evidence *e, const struct run_curves *rival)
{
    const struct curve *metric = &rival->metric;

    e->kind = rival->kind;
    e->c.end = run_curves_end(rival);
    e->by_metric = metric->n > 0 && metric->points[0].place < e->c.end;
    e->c.rival = e->by_metric ? metric : &rival->train;
}

/* False where there is nothing to compare with. */
static bool gather(struct evidence *e, const struct record *record, const struct run *run,
                   const struct run_curves *curves)
{
    const struct experiment *own = &record->experiments[run->experiment - 1];
    const struct pair *pair = panel_pair(record, run->experiment, run->seed),
                      *rival = panel_pair(record, own->against, run->seed);

    *e = (struct evidence){.c = {.first_rung = NAN}};
    if (pair == NULL || rival == NULL || rival->after > pair->after)
        return false;
    const struct run_curves *whole =
        whole_curves(record, record_run(record, own->against, run->seed));
    if (whole == NULL || whole->kind != curves->kind)
        return false;
    choose_curve(e, whole);
    e->c.own = e->by_metric ? &curves->metric : &curves->train;
    add_noise(e, record, known_to(record, run->experiment));
    return true;
}

/* What a rule that ranks wants to know besides. */
static void gather_rungs(struct evidence *e, const struct record *record, const struct run *run)
{
    if (panel_pair(record, run->experiment, run->seed)->index == 0)
        add_others(e, record, run, known_to(record, run->experiment));
    e->c.first_rung = first_rung(e, record);
}

static void scatter(struct evidence *e)
{
    for (size_t i = 0; i < e->n_groups; i++) {
        free(e->groups[i].a);
        free(e->groups[i].b);
    }
    free(e->groups);
    free(e->losses);
    free(e->others);
}

/* The variance of a pair at the end, learnt as early_noise() learns it on the way. */
static double end_variance(const struct evidence *e)
{
    double *s2 = mem_new(e->n_groups, sizeof *s2), *df = mem_new(e->n_groups, sizeof *df);
    struct noise prior;

    for (size_t i = 0; i < e->n_groups; i++) {
        s2[i] = e->losses[i].s2;
        df[i] = e->losses[i].df;
    }
    noise_prior(&prior, &e->losses[0], s2 + 1, df + 1, e->n_groups - 1);
    free(s2);
    free(df);
    return prior.df > 0 ? prior.s2 : (double)NAN;
}

static void fill(struct early_found *out, const struct evidence *e, const struct record *record,
                 const struct run *run)
{
    out->rival = record->experiments[run->experiment - 1].against;
    out->variance = end_variance(e);
    out->effect = out->end.z * sqrt(out->variance);
    out->loss = record_loss(record, record_run(record, out->rival, run->seed)) - out->effect;
}

bool record_early_find(struct early_found *out, const struct record *record, const struct run *run,
                       const struct run_curves *curves)
{
    const struct early_rule *rule = &record->study.early;
    struct evidence evidence;

    if (!record_early_applies(record, run))
        return false;
    bool found = gather(&evidence, record, run, curves);
    if (found && rule->kind->ranks)
        gather_rungs(&evidence, record, run);
    found = found && rule->kind->fires(&out->end, rule, &evidence.c);
    if (found)
        fill(out, &evidence, record, run);
    scatter(&evidence);
    return found;
}

/* rival -1: there is nothing to compare with. */
static void read_end(struct early_found *out, const struct record *record, const struct run *run)
{
    struct evidence evidence;
    bool found =
        gather(&evidence, record, run, record_curves(record, run)) && evidence.c.own->n > 0;

    *out = (struct early_found){.rival = -1};
    if (found) {
        early_measure(&out->end, &evidence.c, &evidence.c.own->points[evidence.c.own->n - 1]);
        fill(out, &evidence, record, run);
    }
    scatter(&evidence);
}

bool record_early_read(struct early_found *out, const struct record *record, const struct run *run)
{
    if (run->class != CLASS_STOPPED)
        return false;
    struct early_found *kept = record_index_ended(record->index, run);
    if (kept->rival == 0)
        read_end(kept, record, run);
    *out = *kept;
    return kept->rival > 0;
}

bool record_early_agrees(const struct record *record, const struct run *run)
{
    const struct run_curves *curves = record_curves(record, run);
    bool ended = run->class == CLASS_STOPPED;
    struct early_found found;

    if (!ended && run->class != CLASS_OK)
        return true;
    bool fires = !record_is_spared(record, run->experiment) &&
                 record_early_find(&found, record, run, curves);
    return fires == ended && (!ended || !(found.end.place < run_curves_end(curves)));
}

const struct run *record_early_run(const struct record *record, int64_t experiment)
{
    size_t n = record_pairs(record, experiment, 0, NULL, 0);
    const struct pair **pairs = mem_new(n, sizeof(const struct pair *));
    const struct run *found = NULL;

    record_pairs(record, experiment, 0, pairs, n);
    for (size_t i = 0; i < n && found == NULL; i++) {
        const struct run *run = record_run(record, experiment, pairs[i]->seed);
        if (run != NULL && run->class == CLASS_STOPPED)
            found = run;
    }
    free(pairs);
    return found;
}

char *record_early_describe(const struct early_found *found)
{
    const struct early_end *end = &found->end;
    char share[NUMBER_TEXT], z[NUMBER_TEXT];

    number_short(share, 100 * end->progress, 3);
    if (end->of > 0)
        return mem_printf("number %d of %d at %s %% of the run, where %d may go on", end->rank,
                          end->of, share, end->go_on);
    return mem_printf("behind the head at %s %% of the run: z %s", share,
                      number_short(z, end->z, 3));
}

/* --- what it is worth ----------------------------------------------------------------------- */

/* Would the rule have ended a run of this experiment? */
static bool would_have_ended(const struct record *record, int64_t experiment)
{
    size_t n = record_pairs(record, experiment, 0, NULL, 0);
    const struct pair **pairs = mem_new(n, sizeof(const struct pair *));
    bool found = false;

    record_pairs(record, experiment, 0, pairs, n);
    for (size_t i = 0; i < n && !found; i++) {
        const struct run *run = record_run(record, experiment, pairs[i]->seed);
        struct early_found ignored;
        found = run != NULL && run->class == CLASS_OK &&
                record_early_find(&ignored, record, run, record_curves(record, run));
    }
    free(pairs);
    return found;
}

static void count_run(struct early_account *out, const struct record *record, const struct run *run)
{
    struct early_found found;

    if (run->class == CLASS_NONE || run->class == CLASS_INTERRUPTED)
        return;
    out->runs++;
    if (!record_early_read(&found, record, run))
        return;
    out->ended++;
    out->saved += fmax(0, 1 - found.end.progress);
}

void record_early_account(struct early_account *out, const struct record *record)
{
    *out = (struct early_account){0};
    if (record->study.early.kind == NULL)
        return;
    for (size_t i = 0; i < record->n_runs; i++)
        count_run(out, record, &record->runs[i]);
    for (int64_t id = 1; id <= (int64_t)record->n_experiments; id++) {
        const struct decision *d = record_decision(record, id);
        if (d == NULL || d->verdict == OUTCOME_FAILED || !record_is_spared(record, id) ||
            !would_have_ended(record, id))
            continue;
        out->spared++;
        out->missed += d->verdict == OUTCOME_KEEP;
    }
}

double early_share_saved(const struct early_account *account)
{
    return account->runs > 0 ? account->saved / (double)account->runs : (double)NAN;
}
